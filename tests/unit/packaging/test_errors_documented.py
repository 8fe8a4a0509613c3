"""Every error has a stable code, a place in the tree's drawing and an entry in docs/errors.md."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fedaug import errors

DOCS = Path(__file__).resolve().parents[3] / "docs" / "errors.md"
HEADING = re.compile(r"^### (FA\d{3}) `(\w+)`$", re.MULTILINE)
DRAWN = re.compile(r"(\w+) +(FA\d{3})  ")
# Classes that group others and are never raised themselves.
GROUPS = {"FedaugError", "InputError", "RefusedError"}


def raised_classes() -> dict[str, str]:
    """Name -> code of every error class that can be raised."""
    classes = [value for value in vars(errors).values() if isinstance(value, type)]
    return {
        cls.__name__: cls.code for cls in classes if issubclass(cls, errors.FedaugError) and cls.__name__ not in GROUPS
    }


def test_codes_are_unique() -> None:
    codes = list(raised_classes().values())
    assert len(codes) > 30
    assert len(set(codes)) == len(codes)


def test_every_error_has_an_entry_and_every_entry_an_error() -> None:
    entries = HEADING.findall(DOCS.read_text(encoding="utf-8"))
    assert len({code for code, _ in entries}) == len(entries)
    assert {name: code for code, name in entries} == raised_classes()


def test_every_entry_says_what_it_means_and_what_to_do() -> None:
    sections = re.split(r"^### ", DOCS.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    for section in sections:
        body = section.split("\n## ")[0]
        assert "**What to do:**" in body, section.splitlines()[0]
        assert len(body.split()) > 20, section.splitlines()[0]


def test_the_tree_is_drawn_in_step() -> None:
    assert errors.__doc__ is not None
    drawn = dict(DRAWN.findall(errors.__doc__))
    assert drawn == raised_classes()


@pytest.mark.parametrize("name", sorted(raised_classes()))
def test_exit_status_follows_the_family(name: str) -> None:
    cls = getattr(errors, name)
    if issubclass(cls, errors.RefusedError):
        assert cls.exit_status == 3
    else:
        assert cls.exit_status == (1 if cls in (errors.DefectError, errors.ClaimRefuted) else 2)
