"""Telephone, fax and pager numbers, addresses of mail and web, names of accounts: what reaches a person."""

from __future__ import annotations

from typing import Final

from fedaug.privacy.deid.rules.checks import local_telephone, telephone
from fedaug.privacy.deid.rules.pieces import IS, NOT_AMOUNT
from fedaug.privacy.deid.rules.run import Rule

_EXTENSION = r"(?:[ ]{0,2},?[ ]?(?:x|ext|extn|extension)(?!\p{L})\.?[ ]{0,2}[:#]?[ ]?\d{1,6})?"
_BETWEEN_DIGITS = r"(?:[ ./-]|[ ]-[ ]|\)[ ./-]{0,2}|[ -]?\(|\)\()?"
#: Any country's way of writing: seven digits or more.
_ANY_NUMBER = rf"(?<![\w+])\+?\(?\d(?:{_BETWEEN_DIGITS}\d){{6,16}}{_EXTENSION}(?![\w])"
_SEVEN_DIGITS = rf"\d(?:{_BETWEEN_DIGITS}\d){{6}}"
_TELEPHONE_WORDS = (
    r"(?:tele?phones?|phones?|tel|tele|ph|mobiles?|cell(?:[ ]?phones?|ular)?|landline|voice|callbacks?"
    r"|call(?:ed|ing)?"
    r"|text(?:ed)?|dial(?:ed)?|reach(?:ed|able)?|hotline|contact|home|work|office|after[ ]hours"
    r"|emergency|number|ring|whatsapp)"
)
#: Between the word and the number: "call her at", "(home):", "no. is".
_AT = (
    r"(?:[ ]{0,2}(?:me|him|her|us|them|back|numbers?|no|nos|\#|number)\b\.?){0,2}[ ]{0,2}"
    r"(?:\([a-z ]{1,12}\))?[ ]{0,2}(?:(?:at|on|to|is|was|via|by)\b)?[ ]{0,2}[.:#=-]?\s{0,3}"
)

#: Domains of two letters that are no English or clinical word and no unit.
_COUNTRY_DOMAINS = (
    "uk|ca|au|de|fr|es|nl|eu|ch|jp|br|mx|ie|nz|io|co|ai|tv|se|dk|pl|ru|cn|kr|fi|gr|cz|hu|ro|za|sg|hk|ar|cl|ly"
)
_DOMAINS = (
    "com|org|net|edu|gov|mil|int|info|biz|example|test|invalid|local|health|clinic|hospital|care"
    "|doctor|dental|app|dev"
    "|online|site|website|xyz|email|cloud|tech|bank|insure|museum|aero|coop|name|pharmacy"
)
_SPOKEN_DOT = r"[ ]?(?:[\[(][ ]?dot[ ]?[\])]|[ ]dot[ ])[ ]?"

RULES: Final[tuple[Rule, ...]] = (
    Rule(
        "fax-before",
        "FAX_NUMBER",
        rf"\b(?:fax(?:es|ed)?|facsimile|f){_AT}(?P<value>{_ANY_NUMBER})",
        0.95,
        needed=r"\bfax|facsimile|\bf[ ]?[.:]",
        check=telephone,
    ),
    Rule(
        "fax-after",
        "FAX_NUMBER",
        rf"(?P<value>{_ANY_NUMBER})[ ]{{0,2}}[-–(\\,]{{0,2}}[ ]?\(?(?:fax|facsimile|f\))",
        0.9,
        needed=r"\d[-–(\\, ]{0,4}(?:home|work|office|cell|mobile|phone|tel|voice|pager|landline|fax|facsimile"
        r"|[chmowf]\))",
        near=90,
        check=telephone,
    ),
    Rule(
        "telephone-before",
        "PHONE_NUMBER",
        rf"\b{_TELEPHONE_WORDS}{_AT}(?P<value>{_ANY_NUMBER})(?:[ ]?(?:/|,|or|and)[ ]?(?P<value>{_ANY_NUMBER}))?",
        0.85,
        needed=_SEVEN_DIGITS,
        check=telephone,
    ),
    Rule(
        "telephone-after",
        "PHONE_NUMBER",
        rf"(?P<value>{_ANY_NUMBER})[ ]{{0,2}}[-–(\\,]{{0,2}}[ ]?(?:home|work|office|cell|mobile|phone"
        rf"|tel|voice|pager|landline|[chmow]\))",
        0.8,
        needed=r"\d[-–(\\, ]{0,4}(?:home|work|office|cell|mobile|phone|tel|voice|pager|landline|fax|facsimile"
        r"|[chmowf]\))",
        near=90,
        check=telephone,
    ),
    Rule(
        "telephone-10",
        "PHONE_NUMBER",
        rf"(?<![\w.-])(?:(?:\+|00)?1[ .-]?)?(?:\(\d{{3}}\)[ ]?[.-]?"
        rf"|\d{{3}}[ ]?[/.-][ ]?)\d{{3}}[ .-]\d{{4}}{_EXTENSION}(?![\w]|-\d)",
        0.75,
        needed=r"\d{3}[ .-]\d{4}",
        near=45,
    ),
    Rule(
        "telephone-10-spaces",
        "PHONE_NUMBER",
        rf"(?<![\w.-]|\d[ ])[2-9]\d{{2}}[ ][2-9]\d{{2}}[ ]\d{{4}}{_EXTENSION}(?![\w]|[ ]?-?\d)",
        0.6,
        needed=r"\d{3}[ ]\d{4}",
        near=45,
    ),
    Rule(
        "telephone-international",
        "PHONE_NUMBER",
        rf"(?<![\w.])\+\d{{1,3}}[ .-]?(?:\(0?\d{{0,4}}\)[ .-]?)?\d(?:[ .-]?\d){{5,12}}{_EXTENSION}(?![\w])",
        0.75,
        needed=r"\+\d",
        check=telephone,
    ),
    Rule(
        "telephone-7",
        "PHONE_NUMBER",
        rf"(?<![\w.$/-])(?<!\d[ ])[2-9]\d{{2}}-\d{{4}}{_EXTENSION}(?![\w-]|[.]\d){NOT_AMOUNT}",
        0.55,
        needed=r"\d{3}-\d{4}",
        near=45,
        check=local_telephone,
    ),
    Rule(
        "extension",
        "PHONE_NUMBER",
        r"\b(?:(?:ext|extn|xtn)\b[.:]?[ ]?|(?:ext|extension)[ ]?(?:\#|:|no\.?|number(?:[ ]is)?|is)[ ]?"
        r"|(?:desk|office|clinic|lab|unit|desk|at|on|dial|call|phone)[ ]extension[ ]|extension[ ]"
        r"(?=\d{4}))"
        rf"(?P<value>\d{{3,6}})(?![\w-]|[.]\d){NOT_AMOUNT}",
        0.75,
        needed=r"ext|xtn",
    ),
    Rule(
        "extension-x",
        "PHONE_NUMBER",
        rf"(?<![\w])x[ ]?-?(?P<value>\d{{4,5}})(?![\w]|[.,]\d){NOT_AMOUNT}",
        0.7,
        needed=r"x[ ]?-?\d{4}",
    ),
    Rule(
        "pager",
        "PHONE_NUMBER",
        r"\b(?:pager|beeper|pgr|bleep|vocera|voalte|spectralink|paged?[ ](?:me[ ]|him[ ]|her[ ]|us[ ])?(?:at|on|via))"
        rf"{IS}(?P<value>\(?\d[\d ().x-]{{1,16}}\d)(?![\w])",
        0.85,
        needed="page|pgr|bleep|beeper|vocera|voalte|spectralink",
    ),
    Rule(
        "mail-any-domain",
        "EMAIL_ADDRESS",
        r"(?<![\w@.+-])[\w.+'-]{1,64}[ ]?@[ ]?(?:[\w-]{1,63}\.){1,5}[\p{L}]{2,24}\b",
        0.9,
        needed="@",
        near=420,
    ),
    Rule(
        "mail-spoken",
        "EMAIL_ADDRESS",
        r"(?<![\w@.])[\w.+-]{1,40}(?:[ ](?:dot|underscore|dash|hyphen)[ ][\w-]{1,30}){0,4}"
        rf"(?:[ ]?[\[(][ ]?at[ ]?[\])][ ]?|[ ]at[ ]|[ ]?@[ ]?)[\w-]{{1,40}}"
        rf"(?:{_SPOKEN_DOT}[\w-]{{2,30}}){{0,2}}{_SPOKEN_DOT}"
        r"(?:com|org|net|edu|gov|co|uk|info|io|us|ca|au|de|fr|es|health|mail)\b",
        0.9,
        needed=r"\bdot\b",
    ),
    Rule(
        "mail-at-provider",
        "EMAIL_ADDRESS",
        r"(?<![\w@.])[\w.+-]{1,40}[ ]?(?:[\[(][ ]?at[ ]?[\])]|[ ]at[ ])[ ]?(?:(?:gmail|yahoo|hotmail"
        r"|outlook|icloud|aol|proton|protonmail)"
        r"|[\w-]{1,40}(?=\.(?:com|org|net|edu|gov)))\.(?:com|org|net|edu|gov|co\.uk|me)\b",
        0.85,
        needed=r"at[ ]?[\])]?[ ]?[\w-]{1,40}\.\w",
        near=130,
    ),
    Rule(
        "web-scheme",
        "URL",
        r"\b(?:https?|ftp|sftp)[ ]?:[ ]?//[^\s<>\"'\]]{3,400}(?<![.,;:!?)])",
        0.95,
        needed="//",
    ),
    Rule(
        "web-www",
        "URL",
        r"(?<![\w@])www\d?\.[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}(?:/[^\s<>\"']{0,300}(?<![.,;:!?)]))?",
        0.9,
        needed="www",
    ),
    Rule(
        "web-domain",
        "URL",
        r"(?<![\w@./-])(?=[\w-]{0,40}[a-z]{2})(?-i:[a-z0-9](?:[a-z0-9-]{1,62}\.)(?:[a-z0-9-]{2,63}\.){0,3}"
        rf"(?:{_DOMAINS}|{_COUNTRY_DOMAINS}))(?::\d{{2,5}})?(?:/[^\s<>\"']{{0,300}}(?<![.,;:!?)]))?(?![\w@-]|\.\w)",
        0.7,
        needed=rf"\.(?:{_DOMAINS}|{_COUNTRY_DOMAINS})(?!\w)",
        near=340,
    ),
    Rule(
        "web-domain-capitals",
        "URL",
        r"(?<![\w@./-])[a-z0-9][a-z0-9-]{1,62}\.(?:[a-z0-9-]{2,63}\.){0,3}(?:com|org|net|edu|gov)"
        r"(?:/[^\s<>\"']{0,300}(?<![.,;:!?)]))?(?![\w@-]|\.\w)",
        0.7,
        needed=rf"\.(?:{_DOMAINS}|{_COUNTRY_DOMAINS})(?!\w)",
        near=340,
    ),
    Rule(
        "web-path",
        "URL",
        r"(?<![\w@./-])(?=[a-z0-9-]{0,40}[a-z]{2})[a-z0-9-]{2,63}"
        r"(?:\.[a-z0-9-]{2,63}){0,3}\.[a-z]{2,24}/[\w~%-][^\s<>\"']{0,300}(?<![.,;:!?)])",
        0.6,
        needed=r"\.[a-z]{2,24}/\w",
        near=340,
    ),
    Rule(
        "ip-address",
        "IP_ADDRESS",
        r"(?<![\w.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\w]|\.\d)(?:/\d{1,2}\b)?",
        0.8,
        needed=r"\d\.\d{1,3}\.\d{1,3}\.\d",
        near=40,
    ),
    Rule(
        "account-name",
        "ID",
        r"\b(?:user[ ]?(?:name|[ ]id)|login(?:[ ](?:id|name))?|log-in|screen[ ]?name|handle|skype"
        r"|instagram|insta|ig|twitter|facebook|fb"
        r"|tiktok|snapchat|snap|telegram|discord|linkedin|venmo|cash[ ]?app|zelle|portal)(?!\p{L})[ ]?"
        r"(?:(?:id|handle|name|account|user(?:name)?)\b)?"
        r"[ ]?(?:(?:is|was)\b|:|=|-|\()?[ ]{0,2}(?:(?<=[:=][ ]{0,2})|(?=@)|(?=[\w.-]{0,29}[\d_]))"
        r"(?P<value>@?[\w.-]{3,30})(?<![.-])",
        0.8,
        needed="user|login|log-in|screen|handle|skype|insta|ig|twitter|facebook|fb|tiktok|snap|telegram"
        "|discord|linkedin|venmo|cash|zelle|portal",
    ),
    Rule(
        "handle",
        "ID",
        r"(?<![\w@./])@(?=[a-z._]{0,29}[\d_])[a-z_][\w.]{2,29}(?<!\.)(?![\w@]|\.\w)",
        0.65,
        needed="@",
    ),
)
