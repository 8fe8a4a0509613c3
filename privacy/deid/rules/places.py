"""Streets, boxes, postal codes, and places by the words around them."""

from __future__ import annotations

from typing import Final

from fedaug.privacy.deid.rules.pieces import NOT_AMOUNT, STATE_CODES, STATES
from fedaug.privacy.deid.rules.run import Rule

#: Street types that are hardly ever anything else, and those that are ordinary words as well.
_STREET = (
    r"(?:street|str|avenue|ave|av|boulevard|blvd|road|rd|parkway|pkwy|highway|hwy|terrace|terr|lane|ln"
    r"|turnpike|tpke|crescent|cres|freeway|fwy|expressway|expy|mews)"
)
_STREET_WORD = (
    r"(?:St|Drive|Dr(?![ .]{1,2}[A-Z])|Court|Ct|Place|Pl|Ter|Way|Circle|Cir|Square|Sq|Trail|Trl|Close"
    r"|Row|Alley|Loop|Plaza|Plz|Pike|Run|Gardens|Gdns|Grove|Hill|Heights|Hts|Bend|Crossing|Xing"
    r"|Cove|Ridge|Park|Broadway|Bypass|Canyon|Creek|Estates|Falls|Forest|Glen|Green|Harbor|Haven"
    r"|Hollow|Island|Junction|Knolls?|Lake|Landing|Manor|Meadows?|Mills?|Mount|Overpass|Passage|Pines"
    r"|Plains"
    r"|Rapids|Route|Shores?|Springs?|Spur|Stravenue|Summit|Trace|Throughway|Tunnel|Union|Valley"
    r"|Viaduct|Village|Vista|Gateway)"
)
_DIRECTION = r"(?:[NSEW]\.?|N\.?[EW]\.?|S\.?[EW]\.?|north(?:east|west)?|south(?:east|west)?|east|west)"
_NO_STREET = (
    r"(?!(?i:mm|cm|mg|mcg|ml|kg|lbs?|of|the|down|in|on|at|to|from|a|an|and|or|for|with|by|per|is|was"
    r"|year|years|day|days|week|weeks|month|months|hour|hours|minutes|units?|times|patients?|pt|lead"
    r"|leads|ms|bpm|mild|no|old"
    r"|blocks?|miles?|more|other|different|main[ ]coronary|vessel|male|female|degree|grade|stage|dose"
    r"|doses|tabs?|tablets?|pills?|capsules?|drops?|puffs?|sprays?|seen|dr|points?|minutes?|miles?"
    r"|meters?|feet|foot|views?|step|steps|hour)\b)"
)
_WORD = r"[\p{L}\d][\p{L}\d.'’-]{0,20}"
_HOUSE = r"(?<![\w/.,$-])\d{1,6}(?:-\d{1,5})?(?:[ ]?[A-H]\b)?(?:[ ]1/2)?"
_UNIT = (
    r"(?:[ ]{0,2}[,\n]?[ ]{0,2}(?:(?:apt|apartment|suite|ste|unit|floor|fl|room|rm|bldg|building|lot|space"
    r"|trlr|flat)\b\.?[ ]?\#?[ ]?|\#[ ]?)[A-Z0-9-]{1,6}\b)"
)
_ZIP = r"\d{5}(?:-\d{4})?"
_CITY = r"(?-i:[A-Z][\p{L}.'’-]{1,20}(?:[ ][A-Z][\p{L}.'’-]{1,20}){0,3})"
_TAIL = (
    rf"(?:[ ]{{0,2}}[,\n][ ]{{0,3}}{_CITY},?[ ]{{1,2}}(?:(?-i:{STATE_CODES})|{STATES})\b\.?"
    rf"(?:,?[ ]{{1,3}}{_ZIP}(?!\d))?)?"
)

#: States whose codes are no word and no degree: the others count only before a ZIP code.
_PLAIN_CODES = (
    "AL|AK|AZ|AR|CA|CO|FL|GA|ID|IL|IA|KS|KY|MI|MN|MO|MT|NC|NE|NV|NH|NJ|NM|NY|ND|OH|OK|RI|SC|SD|TN|TX|UT|VT|WA|WV|WI|WY"
)
_MORE_CODES = "MD|PA|MA|MS|CT|OR|IN|ME|LA|VA|HI|DE|DC|PR"
_GOES_BEFORE_PLACE = (
    r"(?:liv(?:e|es|ed|ing)[ ](?:alone[ ]|together[ ])?(?:here[ ])?(?:in|near|outside)|resid(?:e|es|ed"
    r"|ing)[ ]in|resident[ ]of|native[ ]of|citizen[ ]of|born(?:[ ]and[ ]raised)?[ ]in|raised[ ]in"
    r"|mov(?:e|es|ed|ing)[ ](?:here[ ]|back[ ]|down[ ]|up[ ])?(?:from|to)|(?:originally|is|are|am|was"
    r"|hails|comes?|came|patient|pt|i['’]m|he['’]s|she['’]s)[ ]from|grew[ ]up[ ](?:in|near|outside)"
    r"|travel(?:s|l?ed|l?ing)?[ ](?:to|from|in|through)"
    r"|trips?[ ](?:to|from)|visit(?:s|ed|ing)?[ ](?:from|family[ ]in)|flew[ ](?:to|from|in[ ]from"
    r"|back[ ]from)|fl(?:y|ies|ying)[ ](?:to|from)|hometown(?:[ ](?:of|is))?|vacation(?:ed|ing)?[ ]"
    r"(?:in|to)|relocat(?:ed|ing)[ ](?:to|from)|emigrated[ ](?:to|from)"
    r"|immigrated[ ](?:to|from)|return(?:ed|ing)[ ](?:from|to)|transferred[ ]from|based[ ]in"
    r"|located[ ]in|works[ ](?:at[ ]\w{1,15}[ ])?in|employed[ ]in|drove[ ](?:from|to)|driving[ ]"
    r"(?:from|to)|stationed[ ](?:in|at)|deployed[ ]to|served[ ]in|city[ ]of|town[ ]of|state[ ]of"
    r"|county[ ]of|village[ ]of|suburb[ ]of"
    r"|university[ ]of|outskirts[ ]of|downtown|from[ ]outside)"
)
_NO_PLACE = (
    r"(?=\p{Lu})"
    r"(?!(?:ICU|MICU|SICU|ED|ER|OR|PACU|SNF|NICU|CCU|PCP|EMS|GI|ENT|OB|OSH|Medicine|Surgery|Emergency"
    r"|Medical|Home|Hospital|Nursing|Assisted|Rehab|The|This|Her|His|Their|My|Our|A|An|Low|High|Normal"
    r"|Stage|Left|Right|Mr|Mrs|Ms|Dr|I|Chest|Heart|Dialysis|Clinic|Radiology|Cardiology"
    r"|Intensive|Labor|Recovery|Outpatient|Inpatient|Skilled|Acute|Critical|Same|Floor|Room|Unit"
    r"|Oncology|Neurology|Psychiatry|Pediatrics|January|February|March|April|May|June|July|August"
    r"|September|October|November|December|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday"
    r"|Sunday)\b)"
)
_PLACE_NAME = (
    rf"(?-i:{_NO_PLACE}[A-Z][\p{{L}}.'’-]{{1,24}}(?:[ ](?:(?:de|la|del|of|the|and|am|an|der|upon|on|sur|le"
    rf"|les|el|al|da|do|dos)[ ]){{0,2}}[A-Z][\p{{L}}.'’-]{{1,24}}){{0,3}}(?<![.'’-]))"
)

_A_STREET = rf"\b(?:{_STREET}|st|dr|drive|court|ct|circle|cir|place|broadway)\b"


RULES: Final[tuple[Rule, ...]] = (
    Rule(
        "street",
        "ADDRESS",
        rf"(?P<value>{_HOUSE}[ ]{{1,2}}(?:{_DIRECTION}[ ])?"
        rf"(?:{_NO_STREET}{_WORD}[ ]){{1,4}}?{_STREET}\b\.?(?:[ ]{_DIRECTION}\b)?{_UNIT}?{_TAIL})",
        0.92,
        needed=_A_STREET,
        near=170,
    ),
    Rule(
        "street-capital",
        "ADDRESS",
        rf"\b(?P<value>{_HOUSE}[ ]{{1,2}}(?:{_DIRECTION}[ ])?(?-i:(?:{_NO_STREET}(?:[A-Z]|\d{{1,3}}(?:st"
        rf"|nd|rd|th)\b)[\p{{L}}.'’-]{{0,20}}[ ]){{1,4}}?(?:{_STREET_WORD}|(?=[A-Z ]{{2,6}}\b)"
        rf"(?i:{_STREET_WORD})))\b\.?(?:[ ](?-i:{_DIRECTION})\b)?{_UNIT}?{_TAIL})"
        rf"(?![ ]?[A-Z][a-z]{{1,14}}[ ]MD)",
        0.91,
        needed=rf"\b{_STREET_WORD}\b",
        near=170,
    ),
    Rule(
        "street-small-st",
        "ADDRESS",
        rf"(?=\d)(?P<value>{_HOUSE}[ ]{{1,2}}(?:{_DIRECTION}[ ])?"
        rf"(?:{_NO_STREET}[\p{{L}}\d][\p{{L}}\d'-]{{2,20}}[ ]){{1,2}}?(?:st|dr|drive|court|ct|circle"
        rf"|cir|place)\b\.?(?:{_UNIT}|[ ]{_DIRECTION}\b|(?=[ ]?[,.;\n]|[ ]?$)))",
        0.6,
        needed=_A_STREET,
        near=170,
    ),
    Rule(
        "street-number-only",
        "ADDRESS",
        rf"(?P<value>{_HOUSE}[ ](?:{_DIRECTION}[ ])?(?:broadway|\d{{1,3}}(?:st|nd|rd|th)[ ](?:st|street"
        rf"|ave|avenue))\b\.?{_UNIT}?{_TAIL})",
        0.8,
        needed=_A_STREET,
        near=170,
    ),
    Rule(
        "street-unnumbered",
        "ADDRESS",
        rf"\b(?:on|at|off|of|near|along|down|and|corner|from|to)[ ](?P<value>(?-i:(?:{_DIRECTION}[ ])?"
        rf"(?:{_NO_PLACE}[A-Z][\p{{L}}.'’-]{{1,20}}|\d{{1,3}}(?:st|nd|rd|th))[ ]"
        rf"(?:[A-Z][\p{{L}}'’-]{{1,20}}[ ]){{0,2}}?(?:Street|Avenue|Road|Boulevard|Lane|Drive|Parkway"
        rf"|Terrace|Blvd|Ave|Rd)))\b",
        0.65,
        needed=_A_STREET,
        near=170,
    ),
    Rule(
        "street-suffixed",
        "ADDRESS",
        r"(?P<value>(?:(?<![\w/.,$-])\d{1,6}[ ])?(?<!\w)(?-i:\p{Lu})[\p{L}.'-]{2,30}(?:straße|strasse"
        r"|gata|gatan|gaten|vej|veien|vegen|vägen|laan|straat|gasse|platz|weg|katu|gade|allee|allé"
        r"|utca|plein|vænget|stien|backen)(?:[ ]\d{1,4}[ ]?[a-z]?\b)?)(?!\w)",
        0.75,
        needed="straße|strasse|gata|vej|veien|vegen|vägen|laan|straat|gasse|platz|weg|katu|gade|allee|allé"
        "|utca|plein|vænget|stien|backen",
        near=60,
    ),
    Rule(
        "street-prefixed",
        "ADDRESS",
        rf"(?<!\w)(?P<value>(?:\d{{1,6}}[ ,]{{1,2}})?(?-i:Via|Viale|Piazza|Vicolo|Corso|Contrada|[Rr]ue"
        rf"|[Rr]ua|Rúa|Calle|C/|Carrer|Avenida|Avda\.?|Paseo|Plaza|Praça|ul\.|Ulica|[Aa]venue"
        rf"|[Bb]oulevard|[Ll]ugar|Borgo|Rotonda)[ ](?:(?:de|da|do|dos|das|del|della|dei|di|la|las|los"
        rf"|le|les|des|du|d['’])[ ]?){{0,2}}\p{{Lu}}[\p{{L}}.'’-]{{1,24}}(?:[ ](?:(?:de|da|del|della|di"
        rf"|la)[ ])?\p{{Lu}}[\p{{L}}'’-]{{1,24}}){{0,2}},?[ ](?:n\.?º?[ ]?)?\d{{1,4}}(?:[ ]?[A-C]\b)?)"
        rf"(?![\w.]){NOT_AMOUNT}",
        0.75,
        needed=r"\b(?:via|viale|piazza|vicolo|corso|contrada|rue|rua|rúa|calle|c|carrer|avenida|avda|paseo"
        r"|plaza|praça|ul|ulica|avenue|boulevard|lugar|borgo|rotonda)\b",
        near=110,
    ),
    Rule(
        "post-box",
        "ADDRESS",
        rf"\b(?P<value>(?:p\.?[ ]?o\.?[ ]?b(?:ox)?|post(?:al)?[ ]office[ ]box|post[ ]box|apartado"
        rf"(?:[ ]de[ ]correos)?|postfach|(?:rr|rural[ ]route|hc)[ ]?\#?\d{{1,3}},?[ ]box)\b\.?[ ]?"
        rf"(?:no\.?[ ]?|\#[ ]?)?\d{{1,7}}[A-Z]?{_TAIL})",
        0.93,
        needed="box|pob|p.o|po b|apartado|postfach",
    ),
    Rule(
        "military-post",
        "ADDRESS",
        r"\b(?P<value>(?:(?:psc|unit|cmr)[ ]\d{1,5},?[ ]box[ ]\d{1,5}|us[ns]s?[ ][A-Z][a-z]{2,14})"
        r"(?:[\n, ]{1,3}(?:apo|fpo|dpo)[ ](?:aa|ae|ap)(?:[ ]\d{5})?)?|(?:apo|fpo|dpo),?[ ](?:aa|ae|ap)"
        r"(?:[ ]\d{5})?)(?!\w)",
        0.9,
        needed="apo|fpo|dpo|psc|cmr|unit|uss|usns|usn",
    ),
    Rule(
        "address-label",
        "ADDRESS",
        r"\b(?:(?:home|mailing|street|billing|current|permanent|residential|residence|shipping|postal"
        r"|new|old|work|forwarding)[ ])?address(?:es)?(?:[ ](?:is|on[ ]file|of[ ]record|at|to)"
        r"|[ ]line[ ]\d)?[ ]?[:=]?\s{0,3}(?<=(?:[:=]|is|file|record|at|to)\s{0,3})(?P<value>"
        r"(?=[^\n]{0,40}\d)(?-i:[A-Z0-9])[^\n;]{4,90}?)(?=\n|;|\.[ ]|\.?$|\?|[ ]{3}|,?[ ](?:phone|tel"
        r"|email|e-mail|dob|mrn|and[ ](?:my|his|her|the)|for[ ]this|with[ ]))",
        0.75,
        needed="address",
    ),
    Rule(
        "address-lives",
        "ADDRESS",
        rf"\b(?:lives?|living|resides?|residing|moved|located|stays?|staying|meet[ ]me|sent?|delivered"
        rf"|house|home|apartment)[ ](?:it[ ])?(?:at|to|on)[ ](?P<value>{_HOUSE}[ ](?:\d{{1,6}}[ ])?"
        rf"(?-i:\p{{Lu}}[\p{{L}}.'’-]{{1,20}}(?:[ ]\p{{Lu}}[\p{{L}}.'’-]{{1,20}}){{0,3}})"
        rf"(?:[ ]\d{{1,4}})?{_UNIT}?{_TAIL})",
        0.7,
        needed=r"(?:at|to|on)[ ]\d",
    ),
    Rule(
        "flat",
        "ADDRESS",
        r"(?<!\w)(?P<value>(?:apt|apartment|suite|ste(?=[ ]?\#?\d)|flat(?=[ ]\d))\b\.?[ ]?(?:no\.?[ ]?"
        r"|\#[ ]?)?(?=[A-Z]?\d)[A-Z0-9-]{1,6})(?![\w.]\d)",
        0.65,
        needed="apt|apartment|suite|ste|flat",
    ),
    Rule(
        "zip-state",
        "ZIP_CODE",
        rf"\b(?:(?-i:{STATE_CODES})|{STATES})\b\.?,?[ \n]{{1,3}}(?P<value>{_ZIP})(?![\w]|[.,-]\d)",
        0.9,
        needed=r"\d{5}",
    ),
    Rule(
        "zip-state-small",
        "ZIP_CODE",
        rf",[ ]?(?:{STATE_CODES})\.?,?[ ]{{1,2}}(?P<value>{_ZIP})(?![\w]|[.,-]\d)",
        0.85,
        needed=r"\d{5}",
        near=40,
    ),
    Rule(
        "zip-label",
        "ZIP_CODE",
        r"\b(?:zip(?:[ -]?code)?|postal[ ]?code|post[ ]?code|pin[ ]?code|plz)[ ]?(?:is|was|:|="
        r"|\#)?[ ]{0,3}(?P<value>(?=[A-Z ]{0,4}\d)(?:\d{3,6}(?:[ -]\d{2,4})?"
        r"|[A-Z]{1,2}\d[A-Z\d]?[ ]?\d[A-Z]{2}|[A-Z]\d[A-Z][ -]?\d[A-Z]\d|[A-Z]{1,2}-?\d{3,5}))(?!\w)",
        0.95,
        needed="zip|postal|post code|postcode|pin|plz",
    ),
    Rule(
        "zip-plus-four",
        "ZIP_CODE",
        r"(?<![\w.,/$+-])(?<!\d[ ])\d{5}-\d{4}(?![\w-]|[.,]\d)",
        0.7,
        needed=r"\d{5}-\d{4}",
        near=20,
    ),
    Rule(
        "postcode-canada",
        "ZIP_CODE",
        r"(?<!\w)(?-i:[ABCEGHJ-NPRSTVXY]\d[ABCEGHJ-NPRSTV-Z][ -]?\d[ABCEGHJ-NPRSTV-Z]\d)(?!\w)",
        0.8,
        needed=r"[a-z]\d[a-z][ -]?\d[a-z]\d",
        near=20,
    ),
    Rule(
        "postcode-uk",
        "ZIP_CODE",
        r"(?<![\w-])(?!(?-i:[CTLS]\d{1,2}[ ]?\d(?:ST|ND|RD|TH)))(?-i:(?:GIR[ ]?0AA|[A-PR-UWYZ]"
        r"(?:\d{1,2}|[A-HK-Y]\d|[A-HK-Y]\d\d|\d[A-HJKPSTUW]"
        r"|[A-HK-Y]\d[ABEHMNPRV-Y])[ ]\d[ABD-HJLNP-UW-Z]{2}))(?!\w)",
        0.8,
        needed=r"[a-z]\d[a-z\d]?[ ]\d[a-z]{2}",
        near=20,
    ),
    Rule(
        "postcode-uk-joined",
        "ZIP_CODE",
        r"(?<![\w-])(?-i:[A-PR-UWYZ][A-HK-Y]\d{1,2}[A-Z]?\d[ABD-HJLNP-UW-Z]{2})(?!\w)",
        0.5,
        needed=r"[a-z]{2}\d{1,2}[a-z]?\d[a-z]{2}",
        near=20,
    ),
    Rule(
        "city-state",
        "LOCATION",
        rf"(?<![\w])(?P<value>(?-i:{_NO_PLACE}[A-Z][\p{{L}}.'’-]{{2,20}}"
        rf"(?:[ ][A-Z][\p{{L}}.'’-]{{1,20}}){{0,2}}),?[ ]{{1,2}}(?:(?-i:{_PLAIN_CODES})"
        rf"(?<=,[ ]{{1,2}}\w\w)|(?-i:{_MORE_CODES}|{_PLAIN_CODES})(?=,?[ ]{{1,2}}\d{{5}}(?!\w))|"
        rf"(?<=,[ ]{{1,2}})(?:{STATES})))(?!\w|\.\w)",
        0.8,
        needed=rf"(?-i:,[ ]{{1,2}}(?:[A-Z]{{2}}\b|{STATES})|[A-Z]{{2}},?[ ]{{1,2}}\d{{5}})",
        near=110,
    ),
    Rule(
        "place-after-word",
        "LOCATION",
        rf"\b{_GOES_BEFORE_PLACE}[ ](?:the[ ])?(?P<value>{_PLACE_NAME})(?:,[ ](?P<value>{_PLACE_NAME}))?",
        0.7,
        needed=r"\b(?:in|from|to|of|near|outside|through|at|town|downtown|is)[ ](?:the[ ])?\p{L}",
    ),
    Rule(
        "place-label",
        "LOCATION",
        rf"(?<!\w)(?-i:City|State|County|Country|Town|Birthplace|Place of Birth|Place of birth|Hometown"
        rf"|CITY|STATE|COUNTY|COUNTRY|Province|Region|Village|Country of (?:birth|origin)|Born in)"
        rf"(?:[ ]of[ ](?:birth|residence))?[ ]?:[ ]{{0,4}}(?P<value>{_PLACE_NAME}|"
        rf"(?-i:{STATE_CODES})\b)",
        0.85,
        needed="city|state|county|country|town|place|province|region|village|born",
    ),
    Rule(
        "county",
        "LOCATION",
        r"(?<!\w)(?P<value>(?-i:[A-Z][\p{L}'’-]{2,20}(?:[ ][A-Z][\p{L}'’-]{2,20})?[ ](?:County|Parish"
        r"|Township|Borough)))\b(?![ ](?:Hospital|Medical|Clinic|General|Health))",
        0.7,
        needed="county|parish|township|borough",
        near=70,
    ),
)
