"""Spanish rules for names of people: by the label of a field, by a title, by a relation."""

from __future__ import annotations

from typing import Final

from fedaug.privacy.deid.rules.rule import Rule
from fedaug.privacy.deid.rules.spanish_gazetteer import FIRST_NAME, ends_in_last_name
from fedaug.privacy.deid.rules.spanish_words import CASED, FIELD_END, FULL_NAME, NAME, NAME_GOES_ON, NO_NAME, TITLE

#: Any writing of a name, as in a form: small letters too, until the field ends.
_FORM_NAME = r"\p{L}(?:[\p{L}'’´ªº.-]|[ ](?![ ])){0,60}?[\p{L}ª]"
_STAFF = (
    r"(?:m[eé]dic[oa](?:[ ](?:responsable|adjunt[oa]|peticionari[oa]|de[ ]familia|residente))?|remitid[oa][ ]por"
    r"|rr?e?sponsable[ ](?:cl[ií]nico|m[eé]dico)"
    r"|facultativ[oa]|firmad[oa](?:[ ]por)?|fdo\.?|enfermer[oa]|cirujan[oa]|anestesista|autor(?:a|es)?"
    r"|solicitad[oa][ ]por"
    r"|informad[oa][ ]por|a/a|atendid[oa][ ]por|doctora?|tutora?|persona[ ]de[ ]contacto|contacto)"
)

NAMES: Final = (
    Rule(
        "es-name-field",
        "PERSON",
        rf"(?:^|[\s\ufeff.;,(])(?:(?:primer|segundo)[ ]apellido|apellidos?|nombre(?:[ ](?:y[ ]apellidos|completo"
        rf"|del[ ]paciente))?)"
        rf"[ ]?:[ \t]{{0,4}}(?P<value>{_FORM_NAME}){FIELD_END}",
        0.95,
        needed="nombre|apellido",
    ),
    Rule(
        "es-patient-field",
        "PERSON",
        rf"(?:^|[\n.;])[ ]?(?i:paciente|titular|asegurad[oa])[ ]?:[ ]{{0,4}}(?:{TITLE}[ ]{{0,3}})?"
        rf"(?P<value>{FULL_NAME})",
        0.9,
        needed="paciente|titular|asegurad",
        flags=CASED,
    ),
    Rule(
        "es-staff-field",
        "PERSON",
        rf"\b(?i:{_STAFF})[ ]?:[ \t]{{0,6}},?(?:{TITLE}[ ]{{0,3}}){{0,3}}(?P<value>{NAME})",
        0.95,
        needed=(
            r"\b(?:m[eé]dic|remitid|sponsable|facultativ|firmad|fdo|enfermer|cirujan|anestesista|autor|solicitad"
            r"|informad|a/a|atendid|doctor|tutor|contacto)"
        ),
        flags=CASED,
    ),
    Rule(
        "es-titled-name",
        "PERSON",
        rf"(?<![\p{{L}}.])(?:(?:Dr|Dra|Prof|Sr|Sra|Srta)(?:\.|\b)ª?|Dña\.?|Doña|DRA?\."
        rf"|dra?\.)[ ]{{0,2}}(?:D\.ª?[ ])?(?P<value>{NAME})",
        0.8,
        needed=r"\b(?:dra?|prof|sra?|srta|dña|doña)\b",
        flags=CASED,
    ),
    Rule(
        "es-don-name",
        "PERSON",
        # "vitamina D." and "hepatitis D." end sentences; a name of two words or more seldom starts the next one.
        rf"(?<![\p{{L}}.])(?<!vitamina[ ])(?:D\.ª?|Don)[ ]{{1,2}}(?P<value>{FULL_NAME})",
        0.7,
        needed=r"\b(?:d\.|don\b)",
        flags=CASED,
    ),
    Rule(
        "es-named-person",
        "PERSON",
        rf"\b(?i:de[ ]nombre|se[ ]llama|llamad[oa]|paciente[ ]identificad[oa][ ]como)[ ](?P<value>{NAME})",
        0.7,
        needed=r"nombre|llama",
        flags=CASED,
    ),
    Rule(
        "es-listed-name",
        "PERSON",
        # Saints are hospitals, schools and streets.
        rf"(?<![\p{{L}}-])(?<!\bSan(?:ta)?[ ])(?<!\bSant[ ])(?=\p{{Lu}}){FIRST_NAME}(?!\p{{L}})"
        rf"(?:{NAME_GOES_ON}){{1,5}}",
        0.7,
        check=ends_in_last_name,
        flags=CASED,
    ),
    Rule(
        "es-relative-name",
        "FAMILY",
        rf"\b(?i:madre|padre|padres|herman[oa]s?|hij[oa]s?|espos[oa]|marido|abuel[oa]|t[ií][oa]|prim[oa]"
        rf"|pareja)(?:[ ](?:mayor|menor))?(?:,[ ]|[ ]?\()"
        rf"(?P<value>{NO_NAME}{NAME}(?:[ ]y[ ]{NAME})?)(?=[,)])",
        0.7,
        needed=r"madre|padre|herman|hij[oa]|espos|marido|abuel|t[ií][oa]|prim[oa]|pareja",
        flags=CASED,
    ),
)
