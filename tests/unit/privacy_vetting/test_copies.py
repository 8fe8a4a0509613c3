"""Runs of words out of private records, as by comparing all texts word by word."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fedaug.errors import ConfigError
from fedaug.privacy.vetting import Batch, GateClass, VerdictCode, runs
from fedaug.privacy.vetting.copies import LONGEST_RUN, CopyGate
from fedaug.privacy.vetting.runs import longest_runs, sharing_pairs
from fedaug.privacy.vetting.words import hashed, normalised

TEXTS = st.lists(st.lists(st.sampled_from("ab"), max_size=25).map(" ".join), max_size=6)
RECORD = "She was seen on the ward with a cough that would not go away for three weeks, and she slept badly"


def by_all_pairs(one: str, other: str) -> int:
    """The longest run of words that two texts share, by the usual table."""
    mine, theirs = normalised(one), normalised(other)
    before = [0] * (len(theirs) + 1)
    longest = 0
    for word in mine:
        row = [0] * (len(theirs) + 1)
        for place, other_word in enumerate(theirs):
            if word == other_word:
                row[place + 1] = before[place] + 1
        longest, before = max(longest, *row), row
    return longest


@settings(max_examples=200, deadline=None)
@given(TEXTS, TEXTS, st.sampled_from([1, 2, 3, 5, 8]), st.sampled_from([8, 11, 50]))
def test_longest_runs_are_those_of_the_definition(mine: list[str], others: list[str], least: int, most: int) -> None:
    found = longest_runs(hashed(mine), hashed(others), least=least, most=most).tolist()
    longest = [max((by_all_pairs(text, other) for other in others), default=0) for text in mine]
    assert found == [min(run, most) if run >= least else 0 for run in longest]


@settings(max_examples=200, deadline=None)
@given(TEXTS, TEXTS, st.sampled_from([1, 2, 3, 5, 8, 13]))
def test_pairs_that_share_a_run_are_those_of_the_definition(mine: list[str], others: list[str], least: int) -> None:
    found = [
        pair
        for rows, partners in sharing_pairs(hashed(mine), hashed(others), least)
        for pair in zip(rows.tolist(), partners.tolist(), strict=True)
    ]
    assert len(found) == len(set(found))
    assert set(found) == {
        (row, place)
        for row, text in enumerate(mine)
        for place, other in enumerate(others)
        if by_all_pairs(text, other) >= least
    }


def test_records_that_are_read_in_parts_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    draw = random.Random(4)
    texts = [" ".join(draw.choice("abc") for _ in range(draw.randint(1, 40))) for _ in range(60)]
    mine, others = hashed(texts[:20]), hashed(texts[20:])
    whole = longest_runs(mine, others, least=4, most=50).tolist()
    pairs = {tuple(pair) for part in sharing_pairs(mine, others, 6) for pair in zip(*part, strict=True)}
    monkeypatch.setattr(runs, "_WORDS_AT_A_TIME", 90)
    assert longest_runs(mine, others, least=4, most=50).tolist() == whole
    assert {tuple(pair) for part in sharing_pairs(mine, others, 6) for pair in zip(*part, strict=True)} == pairs
    assert len(set(whole)) > 3


@pytest.mark.parametrize(
    ("text", "run"),
    [
        (RECORD, 21),
        (RECORD.upper().replace(" ", " - "), 21),
        ("Note: a cough that would not go away for two weeks", 8),
        ("a cough that would not go away", 0),
        ("she was seen on the ward with the cough that would not go away", 0),
        ("she was seen on the ward with a", 8),
    ],
)
def test_eight_words_in_a_row_are_a_copy_and_seven_are_not(text: str, run: int) -> None:
    verdict = CopyGate(["all was well", RECORD]).judge(Batch((text,)))[0]
    assert verdict.code is (VerdictCode.VERBATIM_COPY if run else VerdictCode.PASSED)
    assert verdict.score == run
    assert verdict.item is None


def test_runs_do_not_reach_from_one_record_into_the_next() -> None:
    first, second = "one two three four", "five six seven eight"
    assert CopyGate([first, second]).judge(Batch((f"{first} {second}",)))[0].passed
    assert not CopyGate([f"{first} {second}"]).judge(Batch((f"{first} {second}",)))[0].passed


def test_a_longer_run_counts_as_the_longest() -> None:
    text = " ".join(f"w{number}" for number in range(80))
    assert CopyGate([text]).judge(Batch((text,)))[0].score == LONGEST_RUN


def test_a_site_learns_which_record_a_text_shares_a_run_with() -> None:
    gate = CopyGate(["nothing to see", RECORD, RECORD + " again"])
    assert gate.pairs(Batch(("fine", RECORD))).tolist() == [[1, 1], [1, 2]]
    assert gate.pairs(Batch(())).tolist() == []
    assert gate.gate_class is GateClass.SITE_ONLY


@pytest.mark.parametrize("least", [7, 51, 0])
def test_a_run_that_is_too_short_or_too_long_to_ask_for_is_refused(least: int) -> None:
    with pytest.raises(ConfigError, match="FA101: the copy gate's min_run is not between 8 and 50 words"):
        CopyGate([], min_run=least)
