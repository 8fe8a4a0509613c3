"""Spanish rules for addresses, postal codes, towns, provinces and countries."""

from __future__ import annotations

from typing import Final

from fedaug.privacy.deid.rules.rule import Rule
from fedaug.privacy.deid.rules.spanish_gazetteer import COUNTRY, PROVINCE
from fedaug.privacy.deid.rules.spanish_words import CASED, FIELD_END, NO_NAME, PLACE_PARTICLE, STREET

#: The five digits of a Spanish postal code: the first two are the province, 01 to 52.
CODE: Final = r"(?:0[1-9]|[1-4]\d|5[0-2])\d{3}"
#: What stands between a postal code and its neighbours.
_GAP = r"(?:[ ]{1,2}|[ ]{0,2}[-.,–)][ ]{0,2})"
_TO_CODE = rf"(?=[ ]{{0,2}}[-.,–(]?[ ]{{0,2}}(?:E[- ]{{0,2}})?{CODE}(?!\d))"

_WORD = r"\p{Lu}[\p{L}'’´.-]{1,24}(?<![.-])"
_NOT_NEXT = rf"(?!{PROVINCE}(?!\p{{L}})|{COUNTRY}(?!\p{{L}}))"
#: ``San Sebastián de los Reyes``; the province that follows a town without a comma is not part of it.
_TOWN = (
    rf"(?!{COUNTRY}(?!\p{{L}})){NO_NAME}(?:[AO][ ])?{_WORD}"
    rf"(?:(?:[ ]{PLACE_PARTICLE}[ ]|[ ]{_NOT_NEXT}){NO_NAME}{_WORD}){{0,5}}"
)

#: The letter of a floor or door; the E of "E-28046" is a country's.
_LETTER = r"(?:[A-DF-Z]|E(?!-\d{5}))(?!\p{L}|\.\p{Lu})"
_HOUSE = (
    rf"(?:(?:n[úu]m\.?|n\.?[ ]?[ºo°]\.?|no\.?)?[ ]?\d{{1,4}}(?!\d)(?:[ ]?[-/y][ ]?\d{{1,4}}(?!\d"
    rf"|\.?[ºª°]))?(?:[ ]?(?:bis|{_LETTER}))?"
    r"|s/?n(?:\.º)?(?!\p{L}))"
)
_SIDE = r"(?:dcha|der|izq(?:da)?|izda|iz|cto|ctro|centro)(?!\p{L})"
_FLOOR = (
    r"(?:(?:portal|piso|puerta|pta\.?|planta|esc(?:alera)?\.?|bloque|blq\.?|edf\.?|edificio|bajo|[aá]tico"
    r"|entlo\.?|p)[ ]?-?[A-Z\d]{0,3}[ºª]?(?!\p{L})"
    rf"|\d{{1,3}}(?!\d)(?:[ ]?(?:\.?[ ]?[ºª°]|(?:er|do|to|mo|ra|da|ta|\.?o)(?!\p{{L}})))?(?:[ ]?-?[ ]?(?:{_LETTER}"
    rf"|{_SIDE}))?|{_LETTER}|{_SIDE})"
)
_FLOORS = rf"(?:(?:[ ]?[,-][ ]?|[ ]){_FLOOR}){{0,4}}"

_STREET_WORD = r"(?:[\p{L}.'’´ºª-]{1,24}|\d{1,3}(?!\d))"
#: A street that is not called one: ``Gaspar Aguilar 90``, ``Altos de Nava, s/n``.
UNNAMED_STREET: Final = (
    rf"{NO_NAME}\p{{Lu}}[\p{{L}}.'’-]{{1,24}}"
    rf"(?:[ ](?:{PLACE_PARTICLE}[ ])?{NO_NAME}\p{{Lu}}[\p{{L}}'’-]{{1,24}}){{0,4}}"
    rf",?[ ](?i:{_HOUSE}{_FLOORS}){_TO_CODE}"
)

_LABEL = (
    r"(?:localidad|provincia|municipio|poblaci[oó]n|ciudad|comunidad(?:[ ]aut[oó]noma)?"
    r"|lugar[ ]de[ ](?:nacimiento|residencia))"
)
_LIVES = (
    r"(?:natural|procedente|originari[oa]|oriund[oa])[ ]de|resid(?:e|ente|encia|ía)[ ](?:habitual[ ])?en"
    r"|vive[ ]en|naci(?:ó|d[oa])[ ]en"
    r"|viajes?[ ](?:reciente[ ])?a|viajado[ ]a|emigr[oó][ ]a|inmigrante[ ]de"
)
_VALUE = r"(?P<value>\p{L}[^\n,.:;()/]{1,40}?)"

PLACES: Final = (
    Rule(
        "es-address-field",
        "ADDRESS",
        rf"\b(?:domicilio|direcci[oó]n)(?:[ ](?:postal|actual|particular"
        rf"|habitual))?[ ]?:[ \t]{{0,4}}(?P<value>[^\s:][^\n:]{{2,90}}?(?:(?<=[ ](?:izq|der))\.(?=\.))?){FIELD_END}",
        0.95,
        needed=r"domicilio|direcci",
    ),
    Rule(
        "es-street",
        "ADDRESS",
        rf"(?<![\p{{L}}/])(?<!del[ ]){STREET}[ ]?(?:(?:{STREET}|{PLACE_PARTICLE})[ ]?){{0,3}}{_STREET_WORD}"
        rf"(?:[ ]{_STREET_WORD}){{0,6}}?"
        rf",?[ ]?(?i:(?:km\.?[ ]?\d{{1,3}}(?:[.,]\d{{1,3}})?|{_HOUSE}){_FLOORS})",
        0.85,
        needed=(
            r"c/|calle|av|paseo|p\.?º|po|pso|pl?za?|ctra|carret|camino|ronda|traves|urb|rambla|gloriet|callej"
            r"|pasaje|r[uú]a|cuesta|paraje|costanilla|bulevar|apartado|passeig|pol[ií]gono|carrer"
        ),
        flags=CASED,
    ),
    Rule(
        "es-street-to-code",
        "ADDRESS",
        rf"(?<![\p{{L}}/])(?<!del[ ]){STREET}[ ]?[^\s\d,.;:][^\d\n.:;@]{{2,60}}?{_TO_CODE}",
        0.85,
        needed=CODE,
        flags=CASED,
    ),
    Rule("es-unnamed-street", "ADDRESS", rf"(?<=[.,][ ]?){UNNAMED_STREET}", 0.8, needed=CODE, flags=CASED),
    Rule(
        "es-postal-code-field",
        "ZIP_CODE",
        r"\b(?:C\.?[ ]?P\.?|c[oó]digo[ ]postal|D\.P\.)[ ]?:?[ \t]{0,4}(?P<value>[A-Z]?\d(?:[\d-]"
        r"|[ ](?=\d)){1,10}(?:[A-Z]{3})?)(?![\d\p{L}])",
        0.95,
        needed=r"c\.?[ ]?p|postal|d\.p",
    ),
    Rule(
        "es-postal-code",
        "ZIP_CODE",
        rf"(?<![\d.,/\p{{L}}])(?<!\d-)(?P<value>(?:E[ -]{{1,2}})?{CODE}){_GAP}(?=\(?{NO_NAME}"
        rf"(?:[AO][ ])?\p{{Lu}}[\p{{L}}.][\p{{L}} ])",
        0.85,
        needed=CODE,
        flags=CASED,
    ),
    Rule(
        "es-code-after-street",
        "ZIP_CODE",
        rf"(?:\d,|s/n,?)[ ](?P<value>{CODE})(?=[,.]?[ ]{{0,2}}(?:(?i:e-?mail|tel|tfno)|$|\n))",
        0.8,
        needed=CODE,
    ),
    Rule(
        "es-town-after-code",
        "LOCATION",
        rf"(?<![\d.,/]){CODE}{_GAP}(?P<value>{_TOWN})(?!\p{{L}}|[ ]?[\d®%])",
        0.85,
        needed=CODE,
        flags=CASED,
    ),
    Rule(
        "es-place-field",
        "LOCATION",
        rf"\b{_LABEL}(?:/[ ]?{_LABEL})?[ ]?:[ \t]{{0,4}}{_VALUE}(?:[ ]?(?:,|/|\(|-[ ])[ ]?{_VALUE})?{FIELD_END}",
        0.95,
        needed=r"localidad|provincia|municipio|poblaci|ciudad|lugar|comunidad",
    ),
    Rule(
        "es-country-field",
        "LOCATION",
        rf"\bpa[ií]s(?:[ ]de[ ](?:nacimiento|origen|residencia))?[ ]?:[ \t]{{0,4}}"
        rf"(?P<value>\p{{L}}[^\n,:;()\d]{{2,40}}?){FIELD_END}",
        0.95,
        needed=r"pa[ií]s",
    ),
    Rule(
        "es-lives-in",
        "LOCATION",
        rf"\b(?i:{_LIVES})[ ](?:la[ ](?:provincia|ciudad|localidad)[ ]de[ ])?(?P<value>{_TOWN})",
        0.75,
        needed=r"natural|proceden|origin|oriund|resid|vive|naci|viaj|migr",
        flags=CASED,
    ),
    Rule("es-province", "LOCATION", rf"(?<!\p{{L}})(?<!\p{{L}}-){PROVINCE}(?![\p{{L}}-])", 0.6, flags=CASED),
    # Congo red is a dye of pathologists.
    Rule("es-country", "LOCATION", rf"(?<!\p{{L}})(?<!\p{{L}}-)(?<!rojo[ ]){COUNTRY}(?![\p{{L}}-])", 0.7, flags=CASED),
)
