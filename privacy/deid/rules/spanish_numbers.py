"""Spanish rules for numbers that identify: records, insurance, licences, identity cards, accounts, phones."""

from __future__ import annotations

from typing import Final

from fedaug.privacy.deid.rules.rule import Rule
from fedaug.privacy.deid.rules.spanish_checks import bank_account, identity_number, phone_number, social_security_number

#: A number as a form holds it: groups of digits, capitals among them, one separator between two groups.
_NUMBER = (
    r"(?P<value>(?-i:(?:[A-Z]{1,4}[ -]?)?\d[\dA-Z]{0,20}"
    r"(?:(?:[/.-]|[ ]{1,2})[A-Z]{0,2}\d[\dA-Z]{0,12}){0,6}(?:-[A-Z])?))(?![\p{L}\d])"
)
_AFTER = r"\.?[ \t]{0,2}(?:n[ºo°.]{1,2}[ \t]?)?[:.]?[ \t]{0,6}"
_PHONE = r"\(?\+?\d{2,4}\)?(?:[ .-]?\(?\d{2,7}\)?){1,5}(?:[ ]?(?:ext|extensión)\.?[ ]?\d{1,5})?(?!\d)"
_PHONE_LABEL = (
    r"(?:tel(?:[eé]fonos?|[eé]fs?|fs?|s)?|tl?fno?s?|tlfs?|tf|m[oó]vil(?:es)?"
    r"|n[uú]mero[ ]de[ ]m[oó]vil|celular|busca|contacto)"
)
#: Spanish numbers: nine digits from 6, 7, 8 or 9, in threes or twos, with separators (too much looks so without).
_SPANISH_PHONE = (
    r"(?:[6789]\d{2}([ .-])\d{3}\1\d{3}|[6789]\d{2}([ .-])\d{2}\2\d{2}\2\d{2}|9\d([ .-])\d{3}\3\d{2}\3\d{2}"
    r"|[6789]\d{2}[ .-]\d{6})"
)

NUMBERS: Final = (
    Rule(
        "es-record-number",
        "MEDICAL_RECORD_NUMBER",
        rf"\b(?:NHC|N\.[ ]?H\.[ ]?C\.|NºHC|HC(?=[ ]?:)|(?:n[ºo°]\.?|n[uú]m(?:ero"
        rf"|\.)?)[ ](?:de[ ])?(?:la[ ])?(?:historia|hist\.|HC)(?:[ ]cl[ií]nica)?"
        rf"|historia(?:[ ]cl[ií]nica)?(?=[ ]?(?:n[ºo°]|:?[ ]?\d))|n[ºo°]\.?[ ](?:de[ ])?registro|CIPA?|SIP|CITE"
        rf"|TSI|(?:n[ºo°]\.?|n[uú]mero)[ ]de[ ]tarjeta[ ]sanitaria)"
        rf"{_AFTER}(?:nhc-)?{_NUMBER}",
        0.95,
        needed=r"hc\b|h\.[ ]?c\.|hist|registro|cip|sip|cite|tsi|tarjeta",
    ),
    Rule(
        "es-social-security-field",
        "HEALTH_PLAN_NUMBER",
        rf"\b(?:NASS|NUSS|NSS|N\.?[ºo°]?[ ]?(?:de[ ])?(?:afiliaci[oó]n|seguridad[ ]social|asegurad[oa])"
        rf"|seguridad[ ]social|afiliaci[oó]n)"
        rf"(?:[ ]a[ ]la[ ]seguridad[ ]social)?{_AFTER}{_NUMBER}",
        0.95,
        needed="nass|nuss|nss|afiliaci|seguridad|asegurad",
    ),
    Rule(
        "es-social-security-number",
        "HEALTH_PLAN_NUMBER",
        r"(?<![\d/])\d{2}[ /-]?\d{8}[ /-]?\d{2}(?![\d/])",
        0.85,
        needed=r"\d{2}[ /-]?\d{8}",
        check=social_security_number,
    ),
    Rule(
        "es-medical-licence",
        "MEDICAL_LICENSE",
        rf"(?:n[ºo°]?\.?[ ]?(?:de[ ])?col(?:egiad[oa])?|n[uú]m(?:ero|\.)[ ](?:de[ ])?colegiad[oa]|colegiad[oa]"
        rf"|CNP){_AFTER}{_NUMBER}",
        0.95,
        needed=r"\bcol|[nºo°.]col|cnp",
    ),
    Rule(
        "es-episode",
        "ID",
        rf"\b(?:episodio|n[ºo°]\.?[ ](?:de[ ])?(?:episodio|ingreso|visita|petici[oó]n|muestra|informe|biopsia)"
        rf"|CIAS|NUHSA|petici[oó]n[ ]n[ºo°]|expediente)"
        rf"{_AFTER}{_NUMBER}",
        0.9,
        needed=r"episodio|ingreso|visita|petici|muestra|informe|biopsia|cias|nuhsa|expediente",
    ),
    Rule(
        "es-identity-field",
        "ID",
        rf"\b(?:DNI|NIF|NIE|D\.N\.I\.|N\.I\.F\.|N\.I\.E\.|documento[ ]nacional(?:[ ]de[ ]identidad)?|pasaporte"
        rf"|c[eé]dula)(?:/(?:NIE|NIF))?{_AFTER}{_NUMBER}",
        0.95,
        needed=r"dni|nif|nie|d\.n|n\.i|documento|pasaporte|c[eé]dula",
    ),
    Rule(
        "es-identity-number",
        "ID",
        r"(?<![\p{L}\d])(?:[XYZ][ -]?\d{7}|\d{8}|\d{2}\.\d{3}\.\d{3})[ -]?[A-HJ-NP-TV-Z](?![\p{L}\d])",
        0.9,
        needed=r"\d{3}[ -]?[a-z]\b",
        check=identity_number,
    ),
    Rule(
        "es-iban",
        "IBAN_CODE",
        r"\bES\d{2}(?:[ -]?\d{4}){5}(?!\d)",
        0.9,
        needed=r"es\d{2}",
    ),
    Rule(
        "es-account",
        "ACCOUNT_NUMBER",
        r"(?<![\d-])\d{4}[ -]?\d{4}[ -]?\d{2}[ -]?\d{10}(?![\d-])",
        0.9,
        needed=r"\d{4}[ -]?\d{4}[ -]?\d{2}",
        check=bank_account,
    ),
    Rule(
        "es-policy",
        "POLICY_NUMBER",
        rf"\b(?:p[oó]liza|mutualista|n[ºo°]\.?[ ](?:de[ ])?p[oó]liza){_AFTER}{_NUMBER}",
        0.9,
        needed=r"p[oó]liza|mutualista",
    ),
    Rule(
        "es-phone-field",
        "PHONE_NUMBER",
        rf"\b{_PHONE_LABEL}(?:[ ](?:y|/)[ ]?fax)?[ ]?[.:]{{0,2}}[ ]{{0,3}}(?P<value>{_PHONE})(?:[ ]{{0,2}}(?:/|-|y"
        rf"|,)[ ]{{0,2}}(?P<value>{_PHONE})){{0,3}}",
        0.95,
        needed=r"tel|tl?f|m[oó]vil|celular|busca|contacto",
    ),
    Rule(
        "es-fax-field",
        "FAX_NUMBER",
        rf"\bfax[ ]?[.:]{{0,2}}[ ]{{0,3}}\(?(?P<value>{_PHONE})",
        0.95,
        needed="fax",
    ),
    Rule(
        "es-phone",
        "PHONE_NUMBER",
        rf"(?<![\d+/.,-])(?<!\d[ ])(?:(?:\+|00)34[ .-]?)?{_SPANISH_PHONE}(?![\d/]|[.,-]\d|[ ]\d)",
        0.6,
        needed=r"[6789]\d{1,2}[ .-]\d{2,3}",
        check=phone_number,
    ),
    Rule(
        "es-international-phone",
        "PHONE_NUMBER",
        r"(?<![\d\p{L}])(?:\+|00)[ ]?\d{1,3}(?:[ .-]?\(?\d{1,4}\)?){2,6}(?!\d)",
        0.85,
        needed=r"(?:\+|00)[ ]?\d",
        check=phone_number,
    ),
    Rule(
        "es-url",
        "URL",
        # Presidio's takes any word and full stop without a blank after it ("dolor.No") for a domain of Norway.
        r"(?:https?://|www\.)[\p{L}\d./_?=&%#~+:-]{3,200}[\p{L}\d/_=-]"
        r"|(?<![@\p{L}\d.-])(?:[a-z\d-]{2,40}\.){1,4}(?:com|es|org|net|eu|cat|gal|eus"
        r"|info)(?:/[\p{L}\d./_-]{1,80})?(?![\p{L}\d@-])",
        0.6,
        needed=r"www|http|\.(?:com|es|org|net|eu|cat|gal|eus|info)\b",
    ),
    Rule(
        "es-plate",
        "VEHICLE_ID",
        # Since 2000: four digits and three consonants (Real Decreto 2822/1998, annex XVIII).
        r"\bmatr[ií]cula[ ]?:?[ ]{0,2}(?P<value>\d{4}[ -]?[BCDFGHJ-NPR-TV-Z]{3}|[A-Z]{1,2}[ -]?\d{4}[ -]?[A-Z]{1,2})\b",
        0.85,
        needed=r"matr[ií]cula",
    ),
)
