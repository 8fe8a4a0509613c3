"""Names of people: all forms of one name agree, and nothing of it survives."""

import pytest
from benchmarks import surrogate_people
from tests.surrogate_texts import marked, policy

from fedaug.privacy.deid.operators import Replacer
from fedaug.privacy.deid.surrogates import Draw, SurrogateKey, surrogate
from fedaug.privacy.deid.surrogates.name_pools import class_of, pool
from fedaug.privacy.deid.surrogates.words import plain, shares_a_piece

KEY = SurrogateKey(bytes(range(32)))


def name(value: str, *, subject: str = "one", language: str = "en") -> str:
    made = surrogate(Draw(KEY, subject=subject, language=language), value, "PERSON")
    assert made is not None
    return made


def test_every_form_of_a_name_agrees() -> None:
    first, last = name("John Smith").split()
    assert {"John", "Smith"}.isdisjoint((first, last))
    assert name("SMITH, JOHN") == f"{last.upper()}, {first.upper()}"
    assert name("john smith") == f"{first} {last}".lower()
    assert name("Mr. Smith") == f"Mr. {last}"
    assert name("J. Smith") == f"{first[0]}. {last}"
    assert name("J.S.") == f"{first[0]}.{last[0]}."
    assert name("JS") == f"{first[0]}{last[0]}"
    assert name("Smith’s") == (f"{last}’" if last.endswith("s") else f"{last}’s")
    assert name("the Smiths") == f"the {last}s"


def test_a_possessive_of_a_name_in_s_gets_the_ending_that_its_surrogate_needs() -> None:
    made = {name(f"James{end}", subject=str(number)) for number in range(40) for end in ("'", "’")}
    assert len(made) > 20
    assert all(one.endswith(("s'", "s’")) or one.lower().endswith(("'s", "’s")) for one in made)


def test_titles_particles_and_suffixes_stay() -> None:
    made = name("Dr. Juan de la Torre y García, MD")
    assert made.startswith("Dr. ")
    assert made.endswith(", MD")
    assert " de la " in made
    assert " y " in made


@pytest.mark.parametrize("value", ["Van Morrison", "Ben Carter", "Don Johnson", "Al Gore", "Le Thi", "Will Young"])
def test_a_name_that_could_be_a_particle_is_replaced(value: str) -> None:
    kept = {plain(word) for word in value.split()} & {plain(word) for word in name(value).split()}
    assert not kept


def test_accents_and_case_do_not_part_a_name_from_itself() -> None:
    assert (
        name("GARCÍA", language="es") == name("García", language="es").upper() == name("garcia", language="es").upper()
    )


def test_spanish_compounds_follow_their_parts() -> None:
    first, second = name("García López", language="es").split()
    assert name("García-López", language="es") == f"{first}-{second}"
    assert name("Dra. García", language="es") == f"Dra. {first}"
    assert name("D. Juan García", language="es").startswith("D. ")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Mary", "en-first-f"),
        ("John", "en-first-m"),
        ("Smith", "en-last"),
        ("García", "es-last"),
        ("Taylor", "en-first-u"),
    ],
)
def test_gender_role_and_language_are_kept(value: str, expected: str) -> None:
    assert class_of(plain(value)) == expected
    made = [name(value, subject=str(number)) for number in range(50)]
    assert len(set(made)) > 20
    assert {class_of(plain(one)) for one in made} == {expected}


def test_nothing_of_a_name_survives_in_its_surrogate() -> None:
    names = [*surrogate_people.surnames(300), "Xyzzqish", "Ann", "Li"]
    for number, value in enumerate(names):
        made = plain(name(value, subject=str(number)))
        assert not shares_a_piece(plain(value), made)


def test_a_surrogate_is_never_a_real_value_of_the_same_record() -> None:
    replacer = Replacer(policy(), key=KEY)
    alone = replacer.replace(*marked("{PERSON:Smith}"), subject="one")
    text = f"{{PERSON:Smith}} {{PERSON:{alone}}} {{ORGANIZATION:{alone} Corp}}"
    made = replacer.replace(*marked(text), subject="one")
    assert alone not in made.split()
    assert made == replacer.replace(*marked(text), subject="one")


def test_a_record_that_holds_a_whole_pool_still_gets_a_surrogate() -> None:
    taken = frozenset(plain(one) for one in pool("en-last").names)
    made = surrogate(Draw(KEY, subject="one", taken=taken), "Smith", "PERSON")
    assert made is not None
    assert plain(made) not in taken | {"smith"}


def test_letters_of_other_scripts_and_digits_do_not_stay() -> None:
    assert "李" not in name("李明")
    assert "42" not in name("Smith 42")


def test_a_name_is_the_same_over_a_thousand_notes() -> None:
    replacer = Replacer(policy(), key=KEY)
    found = surrogate_people.agreement(
        lambda text, spans, subject: replacer.replace(text, spans, subject=subject), subjects=2, notes=500
    )
    assert found.notes == 1000
    assert found.different == 0
    assert found.same >= 980  # the rest hold the surrogate as somebody's real name


def test_a_text_without_a_subject_agrees_with_itself_alone() -> None:
    replacer = Replacer(policy(), key=KEY)
    first, second = (replacer.replace(*marked(f"{{PERSON:John Smith}} and {{PERSON:Smith}}{end}")) for end in ".!")
    assert first[:-1] != second[:-1]
    assert first[:-1].split()[1] == first[:-1].split()[3]


@pytest.mark.parametrize(
    ("value", "gone"),
    [
        ("Mrs Do", "Do"),
        ("Mr. Pa", "Pa"),
        ("Ms Ing", "Ing"),
        ("DO, ANH", "DO"),
        ("ANH DO", "DO"),
        ("Anh Do Nguyen", "Do"),
        ("Nguyen, Do", "Do"),
        ("PA, MARY", "PA"),
        ("Wei Ing", "Ing"),
    ],
)
def test_a_surname_that_is_a_degree_as_well_is_replaced(value: str, gone: str) -> None:
    assert gone not in name(value).replace(",", "").split()


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("Ann Lee DO", " DO"),
        ("Ann Lee, PA", ", PA"),
        ("LEE, ANN, DO", ", DO"),
        ("Lee, MD", ", MD"),
        ("Ing. Chen", "Ing. "),
        ("João do Carmo", " do "),
    ],
)
def test_a_degree_behind_a_name_stays(value: str, kept: str) -> None:
    assert kept in name(value)


def test_people_whose_surnames_are_degrees_get_numbers_of_their_own() -> None:
    replacer = Replacer(policy("redact", number=True), key=KEY)
    made = replacer.replace(*marked("{PERSON:Mrs Do} and {PERSON:Mr Pa} and {PERSON:Dr. Do}"))
    assert made == "[PERSON_1] and [PERSON_2] and [PERSON_1]"
