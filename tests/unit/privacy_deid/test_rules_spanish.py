"""Spanish rules: what they find, where it begins and ends, and what they leave alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fedaug.privacy.deid.entities import ENTITIES
from fedaug.privacy.deid.pattern_layer import PatternLayer
from fedaug.privacy.deid.rules import RuleRecogniser, left_out, rules_for
from fedaug.privacy.deid.rules.spanish_checks import (
    bank_account,
    identity_number,
    phone_number,
    social_security_number,
)
from fedaug.privacy.deid.spans import resolve

SPANISH = rules_for("es")
RULES = RuleRecogniser(SPANISH, language="es", limit_s=5)

LETTER = """\
Nombre: Marta .
Apellidos: Ybarra Soler.
NHC: 4471203.
NASS: 28 10203040 55.
Domicilio: Calle del Sauce 14, 3º B.
Localidad/ Provincia: Arganda, Madrid.
CP: 28500.
Fecha de nacimiento: 07/11/1961.
País: España.
Edad: 57 años Sexo: M.
Fecha de Ingreso: 14/02/2019.
Episodio: 99120034.
Médico: Rosalía Quintanar Prieto  NºCol: 28 28 40917.
Informe clínico del paciente: Mujer de 57 años de edad, intervenida en marzo de 2004, vive con su hermana.
Remitido por: Dra. Rosalía Quintanar Prieto. Servicio de Urología. Hospital General de Segovia. Avda. del Prado, 9, \
2º dcha. 40002 Segovia (España). Tel.: 921 555 010 E-mail: rquintanar@ejemplo.es
"""

IN_LETTER = [
    *("Marta", "Ybarra Soler", "4471203", "28 10203040 55", "Calle del Sauce 14, 3º B", "Arganda", "Madrid"),
    *("28500", "07/11/1961", "España", "57 años", "M", "14/02/2019", "99120034", "Rosalía Quintanar Prieto"),
    *("28 28 40917", "Mujer", "57 años", "marzo de 2004", "hermana", "Rosalía Quintanar Prieto"),
    *("Hospital General de Segovia", "Avda. del Prado, 9, 2º dcha", "40002", "Segovia", "España", "921 555 010"),
]


def found(text: str, entity_type: str | None = None) -> list[str]:
    """What is found, overlaps merged, as the measure of strict spans sees it."""
    spans = resolve(RULES.find(text))
    return [text[span.start : span.end] for span in spans if entity_type in (None, span.entity_type)]


def test_every_rule_finds_a_known_type_and_has_a_name_of_its_own() -> None:
    assert len(SPANISH) >= 50
    assert {rule.entity_type for rule in SPANISH} <= set(ENTITIES)
    assert len({rule.name for rule in SPANISH}) == len(SPANISH)


def test_a_discharge_letter_is_found_to_the_character() -> None:
    assert found(LETTER) == IN_LETTER


@pytest.mark.parametrize(
    "name",
    [
        "es-name-field",
        "es-medical-licence",
        "es-record-number",
        "es-place-field",
        "es-hospital",
        "es-sex-field",
        "es-street",
    ],
)
def test_a_rule_that_is_missing_is_noticed(name: str) -> None:
    rules = [rule for rule in SPANISH if rule.name != name]
    assert len(rules) == len(SPANISH) - 1
    spans = resolve(RuleRecogniser(rules, language="es", limit_s=5).find(LETTER))
    assert [LETTER[span.start : span.end] for span in spans] != IN_LETTER


@pytest.mark.parametrize(
    ("text", "entity_type", "value"),
    [
        ("Valorado por la Dra. M.ª José de la Torre Gil en consulta.", "PERSON", "M.ª José de la Torre Gil"),
        ("Fdo.: Dr. GARCÍA-MOYA", "PERSON", "GARCÍA-MOYA"),
        ("Médico: Óscar PerezNºCol: 28", "PERSON", "Óscar Perez"),
        ("Acude D. Andrés Ruiz Lago por disnea.", "PERSON", "Andrés Ruiz Lago"),
        ("Lo trajo Ernesto Gil Navarro en coche.", "PERSON", "Ernesto Gil Navarro"),
        ("Su madre (Inés) lo acompaña.", "FAMILY", "Inés"),
        ("Nº historia clínica: H-203344", "MEDICAL_RECORD_NUMBER", "H-203344"),
        ("CIPA: nhc-115566.", "MEDICAL_RECORD_NUMBER", "115566"),
        ("Colegiado nº 28/1234567", "MEDICAL_LICENSE", "28/1234567"),
        ("DNI: 12.345.678-Z", "ID", "12.345.678-Z"),
        ("con NIE X1234567L desde 2015", "ID", "X1234567L"),
        ("Ingreso en la cuenta ES91 2100 0418 4502 0005 1332.", "IBAN_CODE", "ES91 2100 0418 4502 0005 1332"),
        ("cuenta 2100-0418-45-0200051332", "ACCOUNT_NUMBER", "2100-0418-45-0200051332"),
        ("Póliza nº 8812-A", "POLICY_NUMBER", "8812-A"),
        ("Avisar al 612 345 678 si empeora", "PHONE_NUMBER", "612 345 678"),
        ("Móvil +34 612345678.", "PHONE_NUMBER", "+34 612345678"),
        ("Fax: 91 555 12 34", "FAX_NUMBER", "91 555 12 34"),
        ("Ver www.ejemplo.es/citas hoy", "URL", "www.ejemplo.es/citas"),
        ("Reside en la c/ Olmo nº 3, 2º izda desde niño", "ADDRESS", "c/ Olmo nº 3, 2º izda"),
        ("Hospital Son Dureta Andrea Doria, 55 07014 Palma", "ADDRESS", "Andrea Doria, 55"),
        ("Natural de Alcalá de Henares.", "LOCATION", "Alcalá de Henares"),
        ("28703 San Sebastián de los Reyes, Madrid", "LOCATION", "San Sebastián de los Reyes"),
        ("38760 Los Llanos de Aridane Tenerife", "LOCATION", "Los Llanos de Aridane"),
        ("C.P. 02006", "ZIP_CODE", "02006"),
        ("ingresó el 3 de marzo de 2019 por fiebre", "DATE_TIME", "3 de marzo de 2019"),
        ("alta el 25 de agosto.", "DATE_TIME", "25 de agosto"),
        ("desde enero del año 2001", "DATE_TIME", "enero del año 2001"),
        ("intervenida en 1996 de mama", "DATE_TIME", "1996"),
        ("en el mes de junio se operó", "DATE_TIME", "junio"),
        ("Niña de tres años y medio que acude", "AGE", "tres años y medio"),
        ("lactante de 8 meses con tos", "AGE", "8 meses"),
        ("a los 14 años de edad", "AGE", "14 años"),
        ("Sexo: Varón.", "SEX", "Varón"),
        ("Historia Actual: Mujer que consulta", "SEX", "Mujer"),
        ("Nacionalidad: marroquí", "NRP", "marroquí"),
        ("Profesión: auxiliar de enfermería", "PROFESSION", "auxiliar de enfermería"),
        ("trasladada al Hospital 12 de Octubre por sepsis", "FACILITY", "Hospital 12 de Octubre"),
        ("Centro de Salud Las Calesas. Madrid", "FACILITY", "Centro de Salud Las Calesas"),
        ("Universidad de Granada, España", "ORGANIZATION", "Universidad de Granada"),
    ],
)
def test_an_identifier_is_found_without_its_label(text: str, entity_type: str, value: str) -> None:
    assert value in found(text, entity_type)


@pytest.mark.parametrize(
    "text",
    [
        "Agudeza visual de 4/10 en el ojo derecho y dolor.No refiere fiebre.",
        "Hemoglobina 12,4 g/dl, leucocitos 17.850, HCO3 17 mmol/l, HCM 26 pg.",
        "Tinción con rojo Congo positiva y células madre.",
        "Déficit de vitamina D. Se inicia tratamiento.",
        "Atorvastatina (0-0-20) durante 10 años, con 3 meses de evolución.",
        "Hospital de Día de Oncología.",
        "Se descarta Gaucher Mitral y se ajusta Rosario Basal.",
        "De origen traumático, familia de los betalactámicos.",
        "Metotrexato 2000 mg en 1999 ml.",
    ],
)
def test_clinical_text_is_left_alone(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("check", "valid"),
    [
        (identity_number, "12345678Z"),
        (identity_number, "X1234567L"),
        (social_security_number, "28/10203040/35"),
        (social_security_number, f"28/01020304/{281020304 % 97}"),
        (bank_account, "21000418450200051332"),
        (phone_number, "612 345 678"),
    ],
)
def test_check_digits_tell_numbers_apart(check: Callable[[str], bool], valid: str) -> None:
    assert check(valid)
    assert not check("")
    assert not check("1" * len(valid))


@pytest.mark.parametrize(
    "piece",
    ["Calle de la ", "Hospital General de ", "1-", "García ", "dos años y ", "28001 Aa ", "Dr. ", "\x00", "Nombre: "],
)
def test_a_hostile_text_runs_no_rule_out_of_time(piece: str) -> None:
    # A pattern that ran out of its second would raise; the longest takes a hundredth part of that.
    RuleRecogniser(SPANISH, language="es", limit_s=1).find(piece * (100_000 // len(piece)))


def test_presidios_spanish_recognisers_are_on_and_its_misleading_ones_off() -> None:
    layer = PatternLayer("es", limit_s=5)
    on = {type(recogniser).__name__ for recogniser in layer.analyzer.registry.recognizers}
    assert {"EsNifRecognizer", "EsNieRecognizer", "IbanRecognizer", "CreditCardRecognizer"} <= on
    assert len(left_out("es")) == 4
    assert not on & left_out("es")
    assert layer.find("Agudeza de 4/10, dolor.No refiere más.") == []
