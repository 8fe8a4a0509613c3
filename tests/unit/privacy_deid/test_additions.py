"""What a site adds to the recognisers is checked before a record is read, and no message quotes it."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from pydantic import ValidationError

from fedaug.errors import ConfigError
from fedaug.privacy.deid.additions import SiteAdditions, SiteList, SitePattern

SECRET = "Quimby"


def site_list(folder: Path, data: bytes) -> SiteList:
    path = folder / "staff.txt"
    path.write_bytes(data)
    return SiteList(path=path, entity_type="PERSON")


def test_a_list_is_read_line_by_line(tmp_path: Path) -> None:
    data = "\ufeff# staff\nAnn Lee\n\n  José Núñez \r\nAnn Lee\n".encode()
    assert site_list(tmp_path, data).entries() == {"Ann Lee", "José Núñez"}


@pytest.mark.parametrize(
    ("data", "clue"),
    [
        (b"", "holds no entry"),
        (b"# only a comment\n\n", "holds no entry"),
        (SECRET.encode("utf-16"), "not UTF-8"),
        (b"Ann\n" + SECRET.encode() * 40, "line 2 of a file in deid.lists is over 200 characters"),
    ],
)
def test_a_list_that_cannot_be_used_is_told_without_a_line_of_it(tmp_path: Path, data: bytes, clue: str) -> None:
    with pytest.raises(ConfigError, match=clue) as raised:
        site_list(tmp_path, data).entries()
    assert raised.value.code == "FA101"
    assert SECRET not in str(raised.value)


def test_a_list_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"FA101: a file in deid\.lists cannot be read"):
        SiteList(path=tmp_path / "none.txt", entity_type="PERSON").entries()
    with pytest.raises(ConfigError, match=r"FA101: a file in deid\.lists cannot be read"):
        SiteList(path=Path("nul\0.txt"), entity_type="PERSON").entries()


def pattern(**values: object) -> SitePattern:
    return SitePattern.model_validate({"name": "badge", "pattern": r"B-\d{6}", "entity_type": "STAFF_BADGE"} | values)


def test_a_pattern_may_find_a_type_of_the_sites_own() -> None:
    assert pattern().entity_type == "STAFF_BADGE"
    assert pattern(pattern=r"badge (?P<value>\p{Lu}\d+)").score == 0.8


@pytest.mark.parametrize(
    ("wrong", "clue"),
    [
        ({"pattern": f"({SECRET}"}, "not a regular expression"),
        ({"pattern": "a{3,2}"}, "not a regular expression"),
        ({"pattern": r"\p{Nothing}"}, "not a regular expression"),
        ({"pattern": "(a{1000}){1000}{1000}"}, "not a regular expression"),
        ({"pattern": "a*"}, "matches the empty text"),
        ({"pattern": f"{SECRET}|"}, "matches the empty text"),
        ({"pattern": ""}, "pattern"),
        ({"pattern": "a" * 1_001}, "pattern"),
        ({"name": SECRET}, "name"),
        ({"entity_type": SECRET}, "entity_type"),
        ({"score": math.nan}, "score"),
        ({"score": 0}, "score"),
        ({"score": 1.01}, "score"),
        ({"score": True}, "is not a number"),
        ({"scroe": 0.5}, "scroe"),
    ],
)
def test_a_pattern_that_cannot_be_used_is_refused_without_its_text(wrong: dict[str, object], clue: str) -> None:
    with pytest.raises(ValidationError, match=clue) as raised:
        pattern(**wrong)
    assert SECRET not in str(raised.value)


def test_two_patterns_of_one_name_are_refused() -> None:
    with pytest.raises(ValidationError, match="two patterns have one name"):
        SiteAdditions(patterns=(pattern(), pattern(pattern="x")))


def test_relative_paths_start_at_the_sites_folder(tmp_path: Path) -> None:
    added = SiteAdditions(lists=(site_list(tmp_path, b"Ann\n").model_copy(update={"path": Path("a.txt")}),))
    added = added.model_copy(update={"spacy_model": Path("model"), "huggingface_model": Path("/models/own")})
    placed = added.at(Path("/sites/st-mary"))
    assert placed.lists[0].path == Path("/sites/st-mary/a.txt")
    assert placed.spacy_model == Path("/sites/st-mary/model")
    assert placed.huggingface_model == Path("/models/own")
    assert added.lists[0].path == Path("a.txt")


def test_everything_that_is_added_is_checked_before_the_work(tmp_path: Path) -> None:
    good = SiteAdditions(lists=(site_list(tmp_path, b"Ann\n"),), patterns=(pattern(),), spacy_model=tmp_path)
    good.check()
    assert good.entity_types == {"PERSON", "STAFF_BADGE"}
    with pytest.raises(ConfigError, match=r"FA101: deid\.huggingface_model is not a folder"):
        good.model_copy(update={"huggingface_model": tmp_path / "staff.txt"}).check()
    (tmp_path / "staff.txt").unlink()
    with pytest.raises(ConfigError, match=r"FA101: a file in deid\.lists cannot be read"):
        good.check()


def test_a_fingerprint_follows_what_is_added_and_not_how_a_list_is_written(tmp_path: Path) -> None:
    def added(data: bytes, **more: object) -> SiteAdditions:
        return SiteAdditions.model_validate({"lists": [site_list(tmp_path, data)]} | more)

    first = added(b"Ann\nBo\n").fingerprint()
    assert added(b"# staff\nBo\nAnn\n").fingerprint() == first
    assert added(b"Ann\nBob\n").fingerprint() != first
    assert added(b"Ann\nBo\n", patterns=[pattern()]).fingerprint() != first
    model = tmp_path / "model"
    model.mkdir()
    (model / "weights").write_bytes(b"1")
    with_model = added(b"Ann\nBo\n", spacy_model=model)
    before = with_model.fingerprint()
    assert before != first
    (model / "weights").write_bytes(b"12")
    assert with_model.fingerprint() != before
