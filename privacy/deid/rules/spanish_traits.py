"""Spanish rules for sex, relatives, profession and origin."""

from __future__ import annotations

from typing import Final

from fedaug.privacy.deid.rules.rule import Rule
from fedaug.privacy.deid.rules.spanish_words import NUMBER_WORD

_SEX = r"(?:var[oó]n|mujer|hombre|niñ[oa]|masculin[oa]|femenin[oa])"
_RELATIVE = (
    r"(?:(?:bis)?abuel[oa]s?|(?:herman|prim|suegr|cuñad|niet|sobrin|espos|hij)[oa]s?|t[ií][oa]s?|madres?|padres?"
    r"|marido|pareja|c[oó]nyuge"
    r"|progenitor(?:es|a)?|hermanastr[oa]s?|viud[oa])"
)
_KIND = (
    r"(?:[ ](?:matern[oa]s?|patern[oa]s?|mayor(?:es)?|menor(?:es)?|gemel[oa]s?|mellizo|var[oó]n(?:es)?|herman[oa]s?))"
)
_COUNT = rf"(?:(?:\d{{1,2}}|(?!un[ao]?[ ]){NUMBER_WORD}|amb[oa]s)[ ])"
_JOBS = (
    r"(?:agricultor|ganader|albañil|carpinter|pescador|miner|profesor|maestr|enfermer|militar|polic[ií]a|bomber"
    r"|camarer|cociner|panader"
    r"|conductor|camioner|taxista|mec[aá]nic|electricista|fontaner|soldador|pintor|peluquer|modist|costurer"
    r"|administrativ|abogad|ingenier"
    r"|arquitect|m[eé]dic|veterinari|farmac[eé]utic|jardiner|pastor|mariner|futbolista|deportista[ ]profesional"
    r"|estudiante|comercial|dependient|limpiador)"
)

#: Stems with their endings; "origen traumático" is no nationality.
_NATIONALITY = (
    r"(?:español|portugu[eé]s|franc[eé]s|ingl[eé]s|irland[eé]s|holand[eé]s|dan[eé]s|japon[eé]s|nepal[ií]"
    r"|senegal[eé]s|congol[eé]s"
    r"|paquistan[ií]|marroqu[ií]|magreb[ií]|iraqu[ií]|iran[ií]|saud[ií]|israel[ií]|bengal[ií]|canadiense"
    r"|estadounidense|costarricense|nicaragüense"
    r"|alem[aá]n|catal[aá]n|vasc|galleg|andaluz|italian|ruman|rus|ucranian|polac|b[uú]lgar|h[uú]ngar|grieg|turc"
    r"|suec|sui[zc]|belga|norueg"
    r"|argentin|chilen|peruan|bolivian|ecuatorian|colombian|venezolan|uruguay|paraguay|brasileñ|mexican|cuban"
    r"|dominican|hondureñ|panameñ|guatemaltec"
    r"|salvadoreñ|argelin|tunecin|egipci|siri|nigerian|guinean|malien|gambian|chin|indi|filipin|australian"
    r"|african|asi[aá]tic|europe|american|latin|sudamerican"
    r"|[aá]rabe|gitan|jud[ií])(?:[oae]s?|es|esa)?"
)

TRAITS: Final = (
    Rule(
        "es-sex-field",
        "SEX",
        rf"\bsexo[ ]?:[ \t]{{0,4}}(?P<value>{_SEX}|[HMVF])(?!\p{{L}})",
        0.95,
        needed="sexo",
    ),
    Rule(
        "es-sex-of-patient",
        "SEX",
        rf"\b(?:pacientes?|adolescente|lactante|sexo|reci[eé]n[ ]nacid[oa],?|edad,?|años,?|gestante|feto"
        rf"|ancian[oa])[ ](?:de[ ]sexo[ ])?(?P<value>{_SEX})(?!\p{{L}})",
        0.8,
        needed=r"var[oó]n|mujer|hombre|niñ|masculin|femenin",
    ),
    Rule(
        "es-sex-and-age",
        "SEX",
        rf"(?<![\p{{L}}])(?<!su[ ])(?<!hij[oa][ ])(?<!hermano[ ])(?P<value>{_SEX}),?[ ]{{1,2}}"
        rf"(?:\p{{L}}{{3,15}}[ ]){{0,2}}(?:(?:de|con)[ ])?(?:raza[ ]\p{{L}}{{4,12}}[ ](?:de[ ])?)?(?:\d{{1,3}}"
        rf"|{NUMBER_WORD})[ ](?:años?|mes|meses|semanas|d[ií]as)",
        0.85,
        needed=r"var[oó]n|mujer|hombre|niñ|masculin|femenin",
    ),
    Rule(
        "es-sex-begins",
        "SEX",
        # A report starts with the patient: "Historia Actual: Mujer que acude...".
        r"(?:(?:actual|paciente|ingreso|cl[ií]nico|antecedentes|consulta)[ ]?:[ ]{0,3}|trata[ ]de[ ]una?[ ]"
        r"|caso[ ]de[ ]una?[ ]|\n[ ]?)"
        rf"(?:un[a]?[ ])?(?P<value>{_SEX})(?=[ ,])",
        0.8,
        needed=r"var[oó]n|mujer|hombre|niñ|masculin|femenin",
    ),
    Rule(
        "es-sex-with-article",
        "SEX",
        r"\b(?:el|la|del|al|est[ea]|un[a]?)[ ](?P<value>niñ[oa]|mujer|var[oó]n)(?!\p{L})",
        0.5,
        needed=r"niñ|mujer|var[oó]n",
    ),
    Rule(
        "es-relative",
        "FAMILY",
        rf"(?<!c[eé]lulas?[ ])(?<![\p{{L}}-]){_COUNT}?{_RELATIVE}{_KIND}?(?![\p{{L}}-])",
        0.6,
        needed=(
            r"abuel|herman|prim|suegr|cuñad|niet|sobrin|t[ií][oa]s?\b|madre|padre|marido|espos|hij[oa]|pareja"
            r"|nyuge|progenitor"
        ),
    ),
    Rule(
        "es-family",
        "FAMILY",
        r"\b(?:la|su|con)[ ](?P<value>familia)(?![\p{L}-]|[ ]de[ ](?!la[ ]pac|l[ ]pac|este))|\b(?:los"
        r"|sus)[ ](?P<value>familiares)\b",
        0.6,
        needed="familia",
    ),
    Rule(
        "es-profession-field",
        "PROFESSION",
        r"\b(?:profesi[oó]n|ocupaci[oó]n|oficio)[ ]?(?::|(?:actual[ ])?(?:es|era)"
        r"|(?<=de[ ]profesi[oó]n))[ ](?P<value>(?!trabaj)\p{L}{4,20}(?:[ ](?:de|en"
        r"|del)[ ](?:la[ ])?\p{L}{4,20}(?:[ ]\p{L}{4,15})?)?)",
        0.7,
        needed=r"profesi|ocupaci|oficio",
    ),
    Rule(
        "es-worker",
        "PROFESSION",
        rf"\b(?:trabaj(?:a|aba|ó|ando)[ ](?:como|de)|empleada?o?[ ](?:como|de)|labor[ ]de"
        rf"|ex(?=[ -](?:\p{{L}}{{3,12}}or|emplead|trabajad)))[ -](?P<value>(?!fumador|bebedor|miembro|consumidor"
        rf"|accidente)\p{{L}}{{4,20}}(?:[ ](?:de|en)[ ]\p{{L}}{{4,20}})?)"
        rf"|(?:años|edad|natural|casad[oa]|vive),?[ ](?:de[ ]profesi[oó]n[ ])?(?P<value>"
        rf"(?:auxiliar[ ]de[ ]\p{{L}}{{5,20}}|{_JOBS}[oa]?)(?![\p{{L}}]))",
        0.5,
        needed=r"trabaj|emplead|labor|ex[ -]|años|edad|natural|casad|vive",
    ),
    Rule(
        "es-nationality",
        "NRP",
        rf"\b(?:nacionalidad|origen|etnia|procedencia)[ ]?:?[ ](?P<value>{_NATIONALITY})(?!\p{{L}})",
        0.6,
        needed="nacionalidad|origen|etnia",
    ),
    Rule(
        "es-race",
        "NRP",
        r"\braza[ ](?:blanca|negra|negroide|cauc[aá]sica|caucasiana|asi[aá]tica|mestiza|gitana|árabe|hispana|amarilla)",
        0.6,
        needed="raza",
    ),
)
