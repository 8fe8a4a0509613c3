"""Spanish rules for dates and ages."""

from __future__ import annotations

from typing import Final

from fedaug.privacy.deid.rules.rule import Rule
from fedaug.privacy.deid.rules.spanish_words import MONTH, NUMBER_WORD

_YEAR = r"(?:19|20)\d{2}(?![\d%])"
#: A year, not an amount: no unit and no decimal after it.
_UNIT = r"(?:m[gl]|g|k?cal|c[cm]|mm|kg|UI|U/|ml|µ|mcg|cel|leuco|copias|pacientes|casos|metros)"
_NO_AMOUNT = rf"(?![.,]\d|/\d|[ ]?{_UNIT}\b|[ ]?[xX×][ ]?\d)"
_PART = r"(?:(?:principios|comienzos|mediados|finales|inicios|fines)[ ]de)"
_AGE_UNIT = r"(?:años?|meses|mes|semanas?|d[ií]as?|horas)"
_AMOUNT = rf"(?:\d{{1,3}}|{NUMBER_WORD})"
_AGE = rf"(?:{_AMOUNT}[ ]{{1,2}}(?:años?|meses|mes|d[ií]as?)(?:[ ]y[ ](?:medio|{_AMOUNT}[ ](?:meses|mes|d[ií]as)))?)"
_OLD = r"\d{1,3}[ ]años?"
_PATIENT = (
    r"(?:varón|varon|mujer|hombre|niñ[oa]|paciente|pacientes|adolescente|lactante|femenin[oa]|masculin[oa]"
    r"|señora?|ancian[oa]|joven|bebé"
    r"|recién[ ]nacid[oa]|chic[oa]|gestante|embarazada|raza[ ]\p{L}{4,12}|sexo[ ]\p{L}{4,10}|edad)"
)

DATES: Final = (
    Rule(
        "es-date-field",
        "DATE_TIME",
        r"\b(?:fecha(?:[ ](?:y[ ]hora[ ])?(?:de[ ](?:la[ ])?)?\p{L}{3,15})?|f\.?[ ]?nac(?:imiento)?\.?"
        r"|nacid[oa][ ]el)[ ]?:?[ \t]{0,4}"
        r"(?P<value>\d{1,5}[ ]?[/.-]{1,2}[ ]?\d{1,3}(?:[ ]?[/.-]{1,2}[ ]?\d{1,4}|(?<=/\d{4}))|(?:19|20)\d{2}"
        r"|\d{3,5}[/.-]\d{2,4})(?!\d)",
        0.95,
        needed=r"fecha|nac",
    ),
    Rule(
        "es-numeric-date",
        "DATE_TIME",
        r"(?<![\d/.-])(?:(?:0?[1-9]|[12]\d|3[01])([/.-])(?:0?[1-9]|1[0-2])\1(?:(?:19|20)\d{2}|\d{2})|(?:19"
        r"|20)\d{2}([/-])[01]?\d\2[0-3]?\d)(?![\d/]|[.,-]\d)",
        0.85,
        needed=r"\d[/.-]\d{1,2}[/.-]\d",
    ),
    Rule(
        "es-month-of-date",
        "DATE_TIME",
        rf"(?<![\p{{L}}\d])(?:[0-3]?\d(?:º|er)?[ -]?(?:de[ ])?)?{MONTH}(?:[ ,-]{{0,2}}(?:del?[ ])?(?:año[ ])?(?:"
        rf"(?:19|20)\d{{2}}|[’'´]?\d{{2}}(?!\d|[.,/:]\d|[ ]?(?:%|mg|h\b|d[ií]as|meses|años|semanas|horas|pacientes"
        rf"|casos))))(?![\d%])",
        0.9,
        needed=r"ero|marzo|abril|mayo|junio|julio|agosto|embre|ubre",
    ),
    Rule(
        "es-day-and-month",
        "DATE_TIME",
        # The twelfth of October is a street, a hospital and a saint before it is a day in a note.
        rf"(?<![\p{{L}}\d])(?<!hospital[ ])(?<!universitario[ ])(?<!calle[ ])[0-3]?\d(?:º)?[ ]de[ ]{MONTH}"
        rf"(?!\p{{L}}|[ ]del?[ ](?:año[ ])?\d)",
        0.7,
        needed=r"de (?:ene|feb|mar|abr|may|jun|jul|ago|sep|oct|nov|dic)",
    ),
    Rule(
        "es-month",
        "DATE_TIME",
        rf"\b(?:mes(?:es)?[ ]de|(?:desde|hasta|en|de|{_PART})(?=[ ](?:marzo|{MONTH})[ ](?:del?[ ](?:mismo|ese|este"
        rf"|pasado|siguiente|año)|pasado)))[ ](?P<value>{MONTH})(?!\p{{L}}|[ ]del?[ ](?:año[ ])?\d|[ ]\d)",
        0.6,
        needed=r"ero|marzo|abril|mayo|junio|julio|agosto|embre|ubre",
    ),
    Rule(
        "es-year",
        "DATE_TIME",
        rf"\b(?:en|desde|hasta|del?|hacia|durante|entre|a|año|y|{_PART}"
        rf"|\()(?:[ ]?el)?[ ]?(?P<value>(?:año[ ])?{_YEAR}){_NO_AMOUNT}(?!\p{{L}})",
        0.7,
        needed=r"(?:19|20)\d{2}",
    ),
    Rule(
        "es-year-alone",
        "DATE_TIME",
        rf"(?P<value>\baños?[ ]{_YEAR})(?:[ ](?:y|a|-)[ ](?P<value>{_YEAR}))?",
        0.85,
        needed=r"años?[ ](?:19|20)\d{2}",
    ),
    Rule(
        "es-time",
        "DATE_TIME",
        r"(?<![\d:])(?:a[ ]las[ ]|hora[ ]?:[ ]?)(?P<value>[0-2]?\d[:.][0-5]\d(?:[ ]?(?:h|horas))?)(?![\d:])",
        0.5,
        needed=r"a las |hora",
    ),
)

AGES: Final = (
    Rule(
        "es-age-field",
        "AGE",
        rf"\bedad[ ]?:[ \t]{{0,4}}(?P<value>\d{{1,3}}(?:[ ]{{1,2}}{_AGE_UNIT}(?:[ ]y[ ]\d{{1,2}}[ ](?:meses"
        rf"|d[ií]as))?|[ ]a(?!\p{{L}}))?|{_AGE})\b",
        0.95,
        needed="edad",
    ),
    Rule(
        "es-age-of-patient",
        "AGE",
        rf"\b{_PATIENT}(?:[ ]\p{{L}}{{3,15}}){{0,2}}(?:,?[ ]{{1,2}}de[ ](?!edad)"
        rf"|,[ ](?=\d{{1,3}}[ ]años))(?P<value>{_AGE})(?:\b|(?<=años))",
        0.9,
        needed=r"año|mes|d[ií]a|semana",
    ),
    Rule(
        "es-years-of-age",
        "AGE",
        rf"\b(?P<value>{_AGE}|\d{{1,3}}[ ]semanas)[ ](?:de[ ](?:edad|vida)\b(?![ ]gesta))",
        0.85,
        needed=r"de edad|de vida",
    ),
    Rule(
        "es-age-at",
        "AGE",
        rf"\b(?:a|desde|hasta|de)[ ]los[ ](?P<value>{_OLD})\b(?![ ]?(?:de[ ](?!edad|una?\b|los?\b|la\b)|del|tras"
        rf"|después|posterior|postrasp|y[ ]medio))",
        0.6,
        needed=r"los \d",
    ),
    Rule(
        "es-age-of-years",
        "AGE",
        rf"(?:^|[\n,.;:(][ ]?)(?P<value>{_OLD})(?=,|[ ]de[ ]edad)",
        0.6,
        needed="años",
    ),
)
