"""site.toml: read as a whole, refused with the setting's name and never its value."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fedaug.client.settings import FILE_NAME, SiteSettings
from fedaug.client.site import Site
from fedaug.errors import ConfigError, FedaugError, InvalidBudget
from fedaug.privacy.events import CHARGED, ReleaseKind
from fedaug.privacy.limits import LIMITS
from fedaug.privacy.units import Budget, PrivacyUnit
from fedaug.strategies.messages import TrustModel

NEEDED = {"name": "st-mary", "source__path": "notes.csv", "source__columns__text": "note"}
SECRET = "Mrs Quimby"
MINIMAL = """
name = "st-mary"
[source]
path = "notes.csv"
[source.columns]
text = "note"
[privacy]
epsilon = 4
delta = 1e-5
"""


def load(folder: Path, text: str) -> SiteSettings:
    (folder / FILE_NAME).write_text(text, encoding="utf-8")
    return SiteSettings.load(folder)


def test_defaults_are_the_strict_ones(tmp_path: Path) -> None:
    settings = load(tmp_path, MINIMAL)
    assert settings.privacy.unit is PrivacyUnit.RECORD
    assert settings.privacy.budget == Budget(4.0, 1e-5)
    assert settings.policy.trust_models == (TrustModel.LOCAL,)
    assert frozenset(settings.policy.release_kinds) == CHARGED - {ReleaseKind.NOISY_SUPPORT}
    assert settings.policy.allow_noise_off is False
    assert settings.policy.max_candidates == LIMITS.candidates
    assert settings.source.on_bad_row == "stop"
    assert settings.source.min_records == 2
    assert settings.deid.score_threshold == 0.0


def test_relative_source_starts_at_the_sites_folder(tmp_path: Path) -> None:
    assert load(tmp_path, MINIMAL).source_path(tmp_path) == tmp_path / "notes.csv"
    assert load(tmp_path, MINIMAL.replace("notes.csv", "/data/n.csv")).source_path(tmp_path) == Path("/data/n.csv")


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"privacy__epsilon": "inf", "policy__allow_noise_off": True},
        {"privacy__epsilon": math.inf, "policy__allow_noise_off": True},
        {
            "source__columns__text": 'a "b"\\ \n\t\x7f é 😀',
            "source__labels": ["#x", "= [y]"],
            "source__format": "jsonl",
        },
        {
            "privacy__unit": "subject",
            "source__columns__subject_id": "patient",
            "source__columns__attributes": ["ward", "{deid.language}"],
            "policy__release_kinds": [],
            "policy__trust_models": ["local", "secure-sum"],
        },
        {
            "source__columns__attributes": ["ward", 'na"me', "lang"],
            "source__columns__record_id": "id",
            "deid__policy": "own.toml",
            "deid__language": "auto",
            "deid__language_column": "lang",
            "deid__columns": {
                "ward": "keep",
                'na"me': {"action": "replace", "entity_type": "PERSON", "look_for": False},
                "id": {"action": "keep", "entity_type": "MEDICAL_RECORD_NUMBER"},
            },
            "deid__other_columns": "keep",
            "deid__lists": [{"path": "staff.txt", "entity_type": "PERSON"}],
            "deid__patterns": [{"name": "badge", "pattern": r'"B-\d{6}"', "entity_type": "STAFF_BADGE"}],
            "deid__spacy_model": "/models/own",
        },
    ],
)
def test_what_is_written_is_read_back_equal(tmp_path: Path, more: dict[str, Any]) -> None:
    written = SiteSettings.create(tmp_path / "site", **{**NEEDED, **more})
    assert SiteSettings.load(tmp_path / "site") == written
    assert (tmp_path / "site" / FILE_NAME).stat().st_mode & 0o777 == 0o600


def setting_names(values: dict[str, Any], prefix: str = "") -> Iterator[str]:
    for name, value in values.items():
        if isinstance(value, dict) and value:  # an empty one is a setting: the columns
            yield from setting_names(value, f"{prefix}{name}.")
        else:
            yield prefix + name


def test_written_file_names_and_explains_every_setting(tmp_path: Path) -> None:
    settings = SiteSettings.create(tmp_path, **NEEDED)
    table, found, before = "", [], ""
    for line in (tmp_path / FILE_NAME).read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            table = line.strip("[]") + "."
        elif setting := re.match(r"(?:# )?([a-z_]+) =", line):
            found.append(table + setting[1])
            assert before.startswith("# ")
        before = line
    assert sorted(found) == sorted(setting_names(settings.model_dump()))


def test_create_takes_a_relative_path_from_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = SiteSettings.create(tmp_path / "site", **NEEDED)
    assert settings.source_path(tmp_path / "site") == tmp_path / "notes.csv"


def test_create_does_not_overwrite_a_site(tmp_path: Path) -> None:
    SiteSettings.create(tmp_path, **NEEDED)
    before = (tmp_path / FILE_NAME).read_bytes()
    with pytest.raises(ConfigError, match="FA101: the folder holds a site already"):
        SiteSettings.create(tmp_path, **{**NEEDED, "name": "other"})
    assert (tmp_path / FILE_NAME).read_bytes() == before


def test_create_with_a_wrong_setting_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="FA101: source is missing"):
        SiteSettings.create(tmp_path / "site", name="st-mary")
    assert not (tmp_path / "site").exists()


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("name", SECRET),
        ("name", "../up"),
        ("source__format", SECRET),
        ("source__on_bad_row", SECRET),
        ("source__label_type", SECRET),
        ("source__unknown_labels", [SECRET]),
        ("source__min_records", SECRET),
        ("source__min_records", 0),
        ("source__min_records", True),
        ("source__columns__text", ""),
        ("source__columns__label", [SECRET]),
        ("source__columns__attributes", SECRET),
        ("source__columns__txet", SECRET),
        ("source__labels", []),
        ("privacy__unit", SECRET),
        ("privacy__budget", 3),
        ("policy__trust_models", SECRET),
        ("policy__release_kinds", [SECRET]),
        ("policy__release_kinds", ["Status"]),
        ("policy__max_candidates", LIMITS.candidates + 1),
        ("policy__max_candidates", 0.5),
        ("deid__language", SECRET),
        ("deid__score_threshold", 1.1),
        ("deid__score_threshold", math.nan),
        ("deid__score_threshold", True),
        ("deid__processes", 0),
        ("deid__policy", ""),
        ("deid__policy", [SECRET]),
        ("deid__columns", SECRET),
        ("deid__columns", {"ward": SECRET}),
        ("deid__columns", {"ward": "keep"}),
        ("deid__columns", {"note": "keep"}),
        ("deid__language_column", "lang"),
        ("deid__other_columns", SECRET),
        ("deid__lists", [{"path": "a.txt", "entity_type": SECRET}]),
        ("deid__lists", SECRET),
        ("deid__patterns", [{"name": "x", "pattern": f"({SECRET}", "entity_type": "ID"}]),
        ("deid__patterns", [{"name": "x", "pattern": "x", "entity_type": "ID", "score": math.inf}]),
        ("deid__spacy_model", 3),
        *[("policy__allow_noise_off", value) for value in (0, 1, "false", "true", [], {}, SECRET)],
    ],
)
def test_wrong_setting_is_named_and_its_value_is_not(tmp_path: Path, setting: str, value: object) -> None:
    with pytest.raises(ConfigError) as raised:
        SiteSettings.create(tmp_path / "site", **{**NEEDED, setting: value})
    named = setting.replace("__", ".")
    assert named in str(raised.value) or named.rsplit(".", 1)[0] + ":" in str(raised.value)
    assert SECRET not in f"{raised.value!s}{raised.value!r}"
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__


@pytest.mark.parametrize("epsilon", [0, -0.0, -1, math.nan, -math.inf, math.inf, "inf", "Inf", SECRET, True, [], {}])
def test_epsilon_that_is_no_budget_is_refused(tmp_path: Path, epsilon: object) -> None:
    with pytest.raises(InvalidBudget, match=r"FA102: privacy\.epsilon") as raised:
        SiteSettings.create(tmp_path / "site", **NEEDED, privacy__epsilon=epsilon)
    assert SECRET not in str(raised.value)


@pytest.mark.parametrize("delta", [0, 1, -1e-5, math.nan, math.inf, True, SECRET])
def test_delta_that_is_no_budget_is_refused(tmp_path: Path, delta: object) -> None:
    with pytest.raises(InvalidBudget, match=r"FA102: privacy\.delta"):
        SiteSettings.create(tmp_path / "site", **NEEDED, privacy__delta=delta)


def test_budget_has_no_default_in_a_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"FA101: privacy\.epsilon is missing"):
        load(tmp_path, MINIMAL.replace("epsilon = 4\n", ""))


def test_subject_unit_needs_a_subject_column(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"source\.columns\.subject_id"):
        SiteSettings.create(tmp_path / "site", **NEEDED, privacy__unit="subject")


def test_columns_that_tie_records_together_can_only_be_kept(tmp_path: Path) -> None:
    given = {**NEEDED, "source__columns__subject_id": "patient"}
    with pytest.raises(ConfigError, match=r"only keep is possible for a record's id, subject and label"):
        SiteSettings.create(tmp_path / "site", **given, deid__columns={"patient": "PERSON"})
    choice = {"action": "keep", "entity_type": "ID"}
    assert SiteSettings.create(tmp_path / "site", **given, deid__columns={"patient": choice}).deid.columns


def test_label_set_needs_classes(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="source: has a label set"):
        SiteSettings.create(tmp_path / "site", **NEEDED, source__label_type="number", source__labels=["a"])


@pytest.mark.parametrize(
    ("data", "clue"),
    [
        (MINIMAL.replace('"note"', f"{SECRET}").encode(), "line 6"),
        (f'name = "{SECRET}'.encode(), "not valid TOML"),
        (MINIMAL.encode() + b"[deid]\n[deid]\n", "not valid TOML"),
        (MINIMAL.replace("st-mary", "st-märy").encode("latin-1"), "UTF-8"),
        (MINIMAL.encode() + f'[source.columns."{SECRET}"]\nx = 1\n'.encode(), "something is not a setting"),
        (b"#" * (2**20 + 1), "1 MiB"),
        (b"a = " + b"[" * 100_000, "TOML"),
    ],
)
def test_file_that_cannot_be_parsed_is_refused_without_quoting_it(tmp_path: Path, data: bytes, clue: str) -> None:
    (tmp_path / FILE_NAME).write_bytes(data)
    with pytest.raises(ConfigError) as raised:
        SiteSettings.load(tmp_path)
    assert clue in str(raised.value)
    assert SECRET not in str(raised.value)
    assert raised.value.code == "FA101"


def test_folder_without_settings_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        SiteSettings.load(tmp_path)
    assert str(raised.value) == (
        f"FA101: {tmp_path} is not a site's folder (it has no site.toml); "
        "check the path, or make a site with fedaug site init"
    )


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    file = tmp_path / FILE_NAME
    file.write_text(MINIMAL)
    with pytest.raises(ConfigError) as raised:
        SiteSettings.load(file)
    assert str(raised.value) == f"FA101: {file} is a file; name the site's folder"


def test_a_wrong_path_is_told_before_a_passphrase_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEDAUG_PASSPHRASE_FILE", str(tmp_path / "none"))
    with pytest.raises(ConfigError, match=r"is not a site's folder \(it has no site\.toml\)"):
        Site.open(tmp_path)


def test_many_wrong_settings_give_one_line(tmp_path: Path) -> None:
    with pytest.raises(FedaugError) as raised:
        load(tmp_path, MINIMAL + "a = 1\nb = 1\nc = 1\nd = 1\n")
    assert "and 1 more" in str(raised.value)
    assert "\n" not in str(raised.value)
