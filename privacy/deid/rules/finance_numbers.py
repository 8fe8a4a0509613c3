"""Numbers of cards, accounts, banks, taxpayers and crypto wallets."""

from __future__ import annotations

from typing import Final

from fedaug.privacy.deid.rules.checks import bank_identifier, card, iban, luhn, routing, social_security
from fedaug.privacy.deid.rules.pieces import IS, NUMBER
from fedaug.privacy.deid.rules.run import Rule

_CARD_DIGITS = r"(?<![\w.+])(?<!\d-)[1-6]\d{3}(?:[ -]?\d){8,15}(?![\w]|-\d|\.\d)"
_SSN = r"\d{3}[ .–-]\d{2}[ .–-]\d{4}"
_LAST_FOUR = r"(?:last|final)[ ](?:4|four)(?:[ ]digits?)?"
_TAX_WORDS = r"(?:ssn|ss[ ]?\#|ss[ ]no\.?|s\.s\.n?\.?|soc(?:ial)?\.?[ ]sec(?:urity)?|social)"

RULES: Final[tuple[Rule, ...]] = (
    Rule("card", "CREDIT_CARD", _CARD_DIGITS, 0.95, needed=r"\d{4}[ -]?\d[ -]?\d[ -]?\d", near=50, check=card),
    Rule(
        "card-labelled",
        "CREDIT_CARD",
        r"\b(?:cards?|cc|visa|master[ ]?card|amex|american[ ]express|discover|diners?|jcb|maestro|credit|debit)\b"
        rf"(?:[ ](?:card|credit|debit)){{0,2}}{IS}(?P<value>\d{{4}}(?:[ -]?[\dX*•]){{8,15}})(?!\w)",
        0.85,
        needed="card|cc|visa|amex|american|discover|diner|jcb|maestro|credit|debit",
    ),
    Rule(
        "card-ending",
        "CREDIT_CARD",
        rf"\b(?:cards?|visa|master[ ]?card|amex|discover|account|acct|debit|credit)\b[^.\n\d]{{0,24}}"
        rf"(?:\bend(?:s|ing)[ ](?:in|with)|{_LAST_FOUR}(?:[ ](?:of|is|are))?|"
        rf"(?<=[ ])[xX*•.]{{1,12}}-?)"
        r"[ :]{0,2}(?P<value>\d{4})(?!\w)",
        0.85,
        needed=r"end|four|[ ]4|[x*•.]{2}",
    ),
    Rule(
        "card-masked",
        "CREDIT_CARD",
        r"(?<![\w])(?:[xX*•]{4}[ -]?){2,3}(?P<value>\d{4})(?!\w)",
        0.8,
        needed=r"[x*•]{4}[ -]?\d",
    ),
    Rule(
        "card-code",
        "CREDIT_CARD",
        r"\b(?:cvv2?|cvc2?|cv2|csc|cid(?=[ ]?(?:code|:))|card[ ]verification|security[ ]code)(?:[ ]"
        r"(?:code|number|value))?[ ]?(?:is|:|=|\#)?[ ]?(?P<value>\d{3,4})(?!\w)",
        0.85,
        needed="cvv|cvc|cv2|csc|cid|verification|security",
    ),
    Rule(
        "secret-code",
        "ID",
        r"\b(?:pin(?:[ ](?:code|number|no\.?))?|passcode|access[ ]code|door[ ]code|gate[ ]code|otp"
        r"|one-time[ ]code|verification[ ]code)[ ]?(?:is|:|=|\#)[ ]?(?P<value>\d{4,8})(?!\w)",
        0.8,
        needed="pin|code|otp",
    ),
    Rule(
        "card-expiry",
        "DATE_TIME",
        r"\b(?:exp(?:ir(?:y|es|ation|ing))?\.?(?:[ ](?:date|on))?|valid[ ](?:thru|through|until|to)"
        r"|good[ ]thru)[ ]?(?:is|:|=)?[ ]?(?P<value>(?:0?[1-9]|1[0-2])[ ]?[/-][ ]?(?:20)?\d{2})"
        r"(?![\w/])",
        0.85,
        needed="exp|valid|good thru",
    ),
    Rule(
        "iban",
        "IBAN_CODE",
        r"(?<!\w)[A-Z]{2}\d{2}(?:[A-Z0-9]{11,30}|(?-i:(?:[ -][A-Z0-9]{4}){2,7}(?:[ -][A-Z0-9]{1,3})?))(?!\w)",
        0.95,
        needed=r"[a-z]{2}\d{2}",
        near=50,
        check=iban,
    ),
    Rule(
        "iban-labelled",
        "IBAN_CODE",
        r"\biban\b(?:[ ]?(?:number|no\.?|code|\#))?[ ]?(?:is|:|=|\#)?[ ]{0,2}(?P<value>[A-Z]{2}\d{2}"
        r"(?:[ -]?[A-Z0-9]{2,4}){3,8}|[A-Z]{2}\d{2}[A-Z0-9]{8,30})(?!\w)",
        0.9,
        needed="iban",
    ),
    Rule(
        "swift-labelled",
        "SWIFT_CODE",
        rf"\b(?:swift|bic)(?!\p{{L}})(?:[ ]?/[ ]?(?:bic|swift)\b)?(?:[ ](?:or[ ])?code)?{IS}(?<!\w)"
        rf"(?P<value>[A-Z]{{4}}[ -]?[A-Z]{{2}}[ -]?[A-Z0-9]{{2}}[ -]?(?:[A-Z0-9]{{3}})?)(?!\w)",
        0.95,
        needed="swift|bic",
        check=lambda text: bank_identifier(text.replace(" ", "").replace("-", "")),
    ),
    Rule(
        "swift-near-bank",
        "SWIFT_CODE",
        r"\b(?:bank|wire|transfer|iban|remit|beneficiary|correspondent)\b[^\n]{0,60}?(?<!\w)(?P<value>"
        r"(?-i:[A-Z]{6}(?:[A-Z]\d|\d[A-Z0-9]|[A-Z2-9]{2}(?:XXX|[A-Z0-9]{0,2}\d[A-Z0-9]{0,2}))))(?!\w)",
        0.6,
        needed=r"[a-z]{6}[a-z0-9]{2}",
        check=bank_identifier,
    ),
    Rule(
        "routing-labelled",
        "ROUTING_NUMBER",
        rf"\b(?:routing|aba|rtn|transit|fedwire|ach)\b(?:[ ]?/[ ]?(?:aba|routing|transit))?(?:[ ]"
        rf"(?:transit|routing|aba))?{IS}(?P<value>\d{{9}}|\d{{4}}-\d{{4}}-\d)(?!\w)",
        0.95,
        needed="routing|aba|rtn|transit|fedwire|ach",
    ),
    Rule(
        "routing", "ROUTING_NUMBER", r"(?<![\w.,$-])\d{9}(?![\w-]|[.,]\d)", 0.5, needed=r"\d{9}", near=20, check=routing
    ),
    Rule(
        "sort-code",
        "ROUTING_NUMBER",
        rf"\bsort[ ]?code{IS}(?P<value>\d{{2}}[ -]?\d{{2}}[ -]?\d{{2}})(?!\w)",
        0.9,
        needed="sort",
    ),
    Rule(
        "account",
        "ACCOUNT_NUMBER",
        r"\b(?:accounts?|accts?\b\.?|acc?t?(?=[ ]?(?:\#|no))|a/c|ac(?=[ ]?(?:\#|no))|guarantor|savings"
        r"|checking|chequing|current[ ]account|loan|mortgage|deposit|brokerage|billing|bill"
        r"|invoice|statement|customer)(?!\p{L})"
        r"(?:[ ](?:account|acct))?(?:(?:[ ]{0,2}(?:number|no\b\.?|num\b\.?|\#|id\b|ending"
        r"(?:[ ]in)?)){1,2}[ ]{0,2}(?:(?:is|was)\b|:|=|\#|-)?|[ ]{0,2}[:#=]|[ ](?=[\dX*]{5}))\s{0,3}"
        r"(?P<value>(?<!\w)(?=(?:[A-Z*•/-]{0,8}\d){4})[A-Z0-9*•](?:[A-Z0-9*•]|[ /-](?=[\d*•])){3,30})(?!\w|[.,]\d)",
        0.9,
        needed="acc|a/c|ac #|ac#|ac no|guarantor|saving|checking|chequing|loan|mortgage|deposit|brokerage"
        "|401k|bill|invoice|statement|customer",
    ),
    Rule(
        "transaction",
        "ID",
        rf"\b(?:transaction|wire|payment|cheque|check|remittance|deal|trade|policyholder|merchant"
        rf"|terminal|trace|auth(?:orization)?|approval)(?!\p{{L}})[ ]?(?:numbers?\b|no\b\.?|\#|ids?\b"
        rf"|reference\b|ref\b\.?|code\b){IS}{NUMBER}",
        0.85,
        needed="transaction|wire|payment|check|cheque|remittance|deal|trade|merchant|terminal|trace|auth|approval",
    ),
    Rule(
        "social-security-labelled",
        "US_SSN",
        rf"\b{_TAX_WORDS}(?!\p{{L}})(?:[ ]?(?:number|no\b\.?|\#|nr|num))?[ ]?(?:(?:is|was)\b|:|=|-"
        rf"|\#)?\s{{0,3}}\#?(?P<value>\d{{3}}[ .–-]?\d{{2}}[ .–-]?\d{{4}}"
        rf"|[xX*•]{{3}}[ -]?[xX*•]{{2}}[ -]?\d{{4}})(?!\w)",
        0.95,
        needed=r"ss|s\.s|soc",
    ),
    Rule(
        "social-security",
        "US_SSN",
        rf"(?<!\w)(?<!\w[.+/-])(?<!\d[ ]){_SSN}(?![ ]?\d|\w|[/-]\w|[.,]\d)",
        0.8,
        needed=r"\d{3}[ .–-]\d{2}[ .–-]\d",
        near=30,
        check=social_security,
    ),
    Rule(
        "taxpayer",
        "US_ITIN",
        r"(?<![\w.+/-])(?<!\d[ ])9\d{2}[ -](?:5\d|6[0-5]|7\d|8[0-8]|9[0-24-9])[ -]\d{4}(?![\w/-]|[.,]\d)",
        0.85,
        needed=r"\d{3}[ -]\d{2}[ -]\d",
        near=30,
    ),
    Rule(
        "taxpayer-labelled",
        "US_ITIN",
        rf"\b(?:itin|taxpayer(?:[ ]identification)?)\b{IS}(?P<value>9\d{{2}}[ -]?\d{{2}}[ -]?\d{{4}})(?!\w)",
        0.97,
        needed="itin|taxpayer",
    ),
    Rule(
        "social-security-end",
        "US_SSN",
        rf"\b(?:{_TAX_WORDS}(?!\p{{L}})[^.\n\d]{{0,24}}(?:{_LAST_FOUR}|ending(?:[ ](?:in|with))?|ends[ ](?:in"
        rf"|with))(?:[ ](?:is|are))?|{_LAST_FOUR}[ ](?:of[ ])?(?:(?:his|her|my|your|the|their"
        rf"|patient'?s?)[ ])?{_TAX_WORDS}(?:[ ]?(?:number|no\.?|\#))?(?:[ ](?:is|are))?)"
        r"[ :]{0,3}(?P<value>\d{4})(?!\w)",
        0.9,
        needed=r"ss|s\.s|soc",
    ),
    Rule(
        "last-four",
        "ID",
        rf"\b{_LAST_FOUR}(?:[ ](?:of[ ])?(?:my|his|her|the|your)?[ ]?(?:\w{{2,12}}[ ]?){{0,2}})?(?:[ ]?"
        rf"(?:is|are|:))?[ ]{{0,2}}(?P<value>\d{{4}})(?!\w)",
        0.7,
        needed="last|final",
    ),
    Rule("employer-number", "ID", r"(?<![\w.,-])\d{2}-\d{7}(?![\w-])", 0.6, needed=r"\d{2}-\d{7}", near=20),
    Rule(
        "national-insurance",
        "ID",
        r"(?<![\w])(?-i:[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z])(?:[ ]?\d{2}){3}[ ]?(?-i:[A-D])(?!\w)",
        0.75,
        needed=r"[a-z]{2}[ ]?\d{2}[ ]?\d{2}[ ]?\d{2}[ ]?[a-z]",
        near=20,
    ),
    Rule(
        "social-insurance",
        "ID",
        r"(?<![\w.+-])(?<!\d[ ])[1-79]\d{2}[ -]\d{3}[ -]\d{3}(?![ ]?\d|[\w-])",
        0.6,
        needed=r"\d{3}[ -]\d{3}[ -]\d{3}",
        near=20,
        check=luhn,
    ),
)
