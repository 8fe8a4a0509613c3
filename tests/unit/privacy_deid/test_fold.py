"""Disguises are undone for recognisers, and findings land on the original's own characters."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fedaug.privacy.deid import Deidentifier
from fedaug.privacy.deid.fold import fold


@pytest.fixture(scope="module")
def deidentifier() -> Deidentifier:
    return Deidentifier(neural=False)


@pytest.mark.parametrize(
    ("disguised", "plain"),
    [
        ("call ２１２‑５５５‑０１４２", "call 212-555-0142"),
        ("J\u200bo\u200dh\ufeffn", "John"),
        ("S\u00admith", "Smith"),
        ("\u202eJohn\u202c", "John"),
        ("Ѕmith", "Smith"),
        ("jose\u0301", "josé"),
        ("z\u0336o\u0300\u0301\u0302e", "zòe"),
        ("ﬁrst", "first"),
        ("\u0661\u0662\u0663", "123"),
        ("𝐉𝐨𝐡𝐧", "John"),
        ("3⁄14⁄2019", "3/14/2019"),
        ("O’Brien", "O'Brien"),
        ("a\x00b", "ab"),
        ("\ud83dx", "\ufffdx"),
        ("x\u2028y", "x\ny"),
    ],
)
def test_a_disguise_is_undone(disguised: str, plain: str) -> None:
    assert fold(disguised).text == plain


@pytest.mark.parametrize("text", ["10⁹/L", "Иванов", "β-blocker", "naïve café", "µg", "Müller-Lüdenscheidt", "北京"])
def test_what_is_no_disguise_stays(text: str) -> None:
    assert fold(text).text == text


@settings(max_examples=300, deadline=None)
@given(st.text(st.characters(exclude_categories=[]), max_size=40))
def test_every_folded_character_has_its_place(text: str) -> None:
    folded = fold(text)
    itself = tuple((index, index + 1) for index in range(len(text)))
    places = itself if folded.origins is None else folded.origins
    assert len(places) == len(folded.text)
    assert all(0 <= start < end <= len(text) for start, end in places)
    assert list(places) == sorted(places)
    assert fold(folded.text).text == fold(fold(folded.text).text).text


@pytest.mark.parametrize(
    "text",
    [
        "mail anna\u200b.smith@exam\u00adple.com now",
        "ssn ２１９‑０９‑９９９９ now",
        "on \u202e06/21/07\u202c now",
        "on ٠٦/٢١/٠٧ now",
    ],
)
def test_the_originals_own_characters_are_taken_out(deidentifier: Deidentifier, text: str) -> None:
    before, *_, after = text.split()
    assert deidentifier.deidentify(text).startswith(f"{before} ")
    assert deidentifier.deidentify(text).endswith(f" {after}")
    middle = text.removeprefix(before).removesuffix(after).strip(" \u202e\u202c")
    assert middle not in deidentifier.deidentify(text)
    assert "[" in deidentifier.deidentify(text)
