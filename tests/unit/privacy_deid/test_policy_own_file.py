"""A site's own policy file: read over the policy that it extends, or refused in one line that quotes no value."""

from __future__ import annotations

from pathlib import Path

import pytest

from fedaug.errors import ConfigError
from fedaug.privacy.deid.policies import load_policy

SECRET = "Mrs Quimby"
OWN = """
name = "st-mary"
extends = "hipaa-safe-harbor"
notes = ["Wards were asked."]
own_types = ["STUDY_ARM"]
[entities]
PERSON = "surrogate"
PROFESSION = "redact"
STUDY_ARM = { operator = "hash-id", length = 8 }
CREDIT_CARD = { operator = "mask", mask_with = "#", keep_last = 4 }
[thresholds]
PERSON = 0.4
"""
ALONE = 'name = "own"\ndescription = "d"\ndefault = "redact"\n'


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "own.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_a_file_changes_what_it_names_and_nothing_else(tmp_path: Path) -> None:
    base, own = load_policy("hipaa-safe-harbor"), load_policy(written(tmp_path, OWN))
    changed = {"PERSON", "PROFESSION", "STUDY_ARM", "CREDIT_CARD"}
    assert own.operator_for("PERSON").operator == "surrogate"
    assert own.operator_for("STUDY_ARM").length == 8
    assert own.operator_for("CREDIT_CARD").mask_with == "#"
    assert {name: choice for name, choice in own.entities.items() if name not in changed} == {
        name: choice for name, choice in base.entities.items() if name not in changed
    }
    assert own.default == base.default
    assert own.threshold_for("PERSON") == 0.4
    assert own.threshold_for("AGE", 0.2) == 0.2
    assert own.notes[-1] == "Wards were asked."
    assert own.extends == "hipaa-safe-harbor"
    assert own.fingerprint != base.fingerprint


def test_what_a_policy_is_not_is_carried_over(tmp_path: Path) -> None:
    assert "It is NOT a statement" in load_policy(written(tmp_path, OWN)).description


def test_a_type_that_a_file_adds_to_pci_is_looked_for(tmp_path: Path) -> None:
    own = load_policy(written(tmp_path, 'name = "own"\nextends = "pci"\n[entities]\nPERSON = "surrogate"\n'))
    assert own.takes_out("PERSON")
    assert own.takes_out("IBAN_CODE")
    assert not own.looks_for("AGE")


def notes_with(folder: Path, extends: str, text: str) -> str:
    return " ".join(load_policy(written(folder, f'name = "own"\nextends = "{extends}"\n{text}')).notes)


def test_notes_follow_what_a_file_changes(tmp_path: Path) -> None:
    assert "A year before 1940" in notes_with(tmp_path, "hipaa-safe-harbor", "")
    shifted = notes_with(tmp_path, "hipaa-safe-harbor", '[entities]\nDATE_TIME = "shift"\n')
    assert "1940" not in shifted
    assert "Shifted dates are not Safe Harbor" in shifted
    years = notes_with(tmp_path, "gdpr-pseudonymise", '[entities]\nDATE_TIME = "year"\nPROFESSION = "redact"\n')
    assert "Shifted dates" not in years
    assert "Years stay however early" in years
    assert "TITLE, SEX, FAMILY" in years
    people = notes_with(tmp_path, "pci", '[entities]\nPERSON = "surrogate"\n')
    assert "PERSON. All other identifiers are still in the text" in people
    assert "remains personal data" in people


def test_a_sites_own_type_goes_unless_the_policy_names_it_with_keep(tmp_path: Path) -> None:
    keeping = 'name = "own"\ndescription = "d"\ndefault = "keep"\nown_types = ["WARD", "STUDY_ARM"]\n'
    keeping += '[entities]\nWARD = "keep"\n'
    policy = load_policy(written(tmp_path, keeping))
    assert [policy.takes_out(name) for name in ("WARD", "STUDY_ARM", "UNLISTED", "PERSON")] == [
        False,
        True,
        True,
        False,
    ]
    assert load_policy("pci").takes_out("UNLISTED")
    assert not load_policy("pci").takes_out("PERSON")


def test_a_file_stands_alone_too(tmp_path: Path) -> None:
    policy = load_policy(written(tmp_path, ALONE + '[entities]\nAGE = "keep"\n'))
    assert policy.extends is None
    assert policy.takes_out("PERSON")
    assert not policy.takes_out("AGE")


def test_the_order_of_a_file_does_not_change_its_fingerprint(tmp_path: Path) -> None:
    first = load_policy(written(tmp_path, ALONE + '[entities]\nAGE = "keep"\nPERSON = "mask"\n')).fingerprint
    assert load_policy(written(tmp_path, ALONE + '[entities]\nPERSON = "mask"\nAGE = "keep"\n')).fingerprint == first
    assert load_policy(written(tmp_path, ALONE + '[entities]\nPERSON = "mask"\n')).fingerprint != first


@pytest.mark.parametrize(
    ("text", "clue"),
    [
        (f'name = "{SECRET}', "not valid TOML"),
        ('name = "own"\nname = "own"\n', "not valid TOML at line 2"),
        ("name = [" + "[" * 50_000, "not valid TOML"),
        (b'name = "st-m\xe4ry"\n', "not UTF-8"),
        (b"\0" * 100, "not valid TOML"),
        (b"#" * (2**20 + 1), "over 1 MiB"),
        ("", "name is missing"),
        ('name = "own"\ndescription = "d"\n', "default is missing"),
        ('name = "pci"\nextends = "pci"\n', "name is that of a built-in policy"),
        (f'name = "own"\nextends = "{SECRET}"\n', "extends names no built-in policy"),
        ('name = "own"\nextends = ["pci"]\n', "extends names no built-in policy"),
        (f'name = "own"\nextends = "pci"\nentities = "{SECRET}"\n', "entities is not a table"),
        (f'name = "own"\nextends = "pci"\nnotes = "{SECRET}"\n', "notes is not a list"),
        (ALONE + f'[entities]\nPERSON = "{SECRET}"\n', "entities.PERSON.operator"),
        (ALONE + f'[entities]\nPERSON = {{ operator = "{SECRET}" }}\n', "entities.PERSON.operator"),
        (ALONE + "[entities]\nPERSON = 3\n", "entities.PERSON"),
        (ALONE + '[entities]\nPERSON = { operator = "mask", keep_last = 99 }\n', "entities.PERSON.keep_last"),
        (ALONE + '[entities]\nPERSON = { operator = "mask", keep_last = true }\n', "entities.PERSON.keep_last"),
        (ALONE + f'[entities]\nPERSON = {{ operator = "mask", mask_with = "{SECRET}" }}\n', "PERSON.mask_with"),
        (ALONE + '[entities]\nPERSON = { operator = "mask", keep_lats = 4 }\n', "keep_lats is not a setting"),
        (ALONE + '[entities]\nPERSN = "redact"\n', "entities.PERSN is no type of identifier (use PERSON"),
        (ALONE + f'[entities]\n"{SECRET}" = "redact"\n', "something"),
        (ALONE + f'"{SECRET}" = 1\n', "something is not a setting"),
        (ALONE + "[thresholds]\nPERSON = nan\n", "thresholds.PERSON"),
        (ALONE + "[thresholds]\nPERSON = -0.1\n", "thresholds.PERSON"),
        (ALONE + "[thresholds]\nPERSON = true\n", "thresholds.PERSON"),
        (ALONE + f'[thresholds]\nPERSON = "{SECRET}"\n', "thresholds.PERSON"),
        (ALONE + "[thresholds]\nPERSN = 0.1\n", "thresholds.PERSN is no type"),
        (ALONE + 'detect = ["PERSN"]\n', "detect.PERSN is no type"),
        (ALONE + "detect = []\n", "detect"),
        (ALONE + f'own_types = ["{SECRET}"]\n', "own_types.0"),
        (ALONE.replace('"d"', f'"{SECRET * 1000}"'), "description"),
        (ALONE.replace('"d"', '"\\u001b[2J"'), "description: holds a control character"),
    ],
)
def test_a_wrong_file_is_refused_in_one_line_that_quotes_no_value(tmp_path: Path, text: str | bytes, clue: str) -> None:
    with pytest.raises(ConfigError) as raised:
        load_policy(written(tmp_path, text))
    message = str(raised.value)
    assert raised.value.code == "FA101"
    assert clue in message
    assert SECRET not in message + repr(raised.value)
    assert "\n" not in message
    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None or raised.value.__suppress_context__


def test_a_policy_that_does_not_exist_is_named_by_what_does(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="FA101: no policy has that name; use hipaa-safe-harbor, gdpr-pseudonymise"):
        load_policy("hipaa")
    with pytest.raises(ConfigError, match="FA101: the policy file is not there; check the path"):
        load_policy(tmp_path / "none.toml")
    (tmp_path / "folder.toml").mkdir()
    with pytest.raises(ConfigError, match="FA101: the policy file cannot be read"):
        load_policy(tmp_path / "folder.toml")
    with pytest.raises(ConfigError, match="FA101: the policy file cannot be read"):
        load_policy("nul\0.toml")
