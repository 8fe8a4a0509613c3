"""What each gate refuses, and what it lets pass."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fedaug.errors import ConfigError, QuarantinedRecord
from fedaug.privacy.deid import Deidentifier, Span
from fedaug.privacy.vetting import Batch, DuplicateGate, LengthGate, RepetitionGate, VerdictCode
from fedaug.privacy.vetting.identifiers import IdentifierGate
from fedaug.privacy.vetting.words import normalised

P, SHORT, LONG = VerdictCode.PASSED, VerdictCode.TOO_SHORT, VerdictCode.TOO_LONG
LOOP, SAME, NEAR, FOUND = (
    VerdictCode.REPETITIVE,
    VerdictCode.DUPLICATE,
    VerdictCode.NEAR_DUPLICATE,
    VerdictCode.IDENTIFIER,
)

NAN = float("nan")


def codes(gate: object, texts: list[str]) -> list[VerdictCode]:
    return [verdict.code for verdict in gate.judge(Batch(tuple(texts)))]  # type: ignore[attr-defined]  # any gate


def test_length_is_bounded_in_words_and_in_characters() -> None:
    gate = LengthGate(min_words=2, max_words=4, min_chars=5, max_chars=12)
    offered = [
        "ab cd",
        "abcde",
        "a b",
        "a b c d",
        "a b c d e",
        "abc def ghijk",
        "abc def ghij",
        "  a b        ",
        "?! ?! ?!",
    ]
    assert codes(gate, offered) == [P, SHORT, SHORT, P, LONG, LONG, P, SHORT, SHORT]


@pytest.mark.parametrize(
    "bounds", [{"min_words": 5, "max_words": 4}, {"min_chars": -1}, {"min_chars": 9, "max_chars": 8}]
)
def test_bounds_that_leave_no_room_are_refused(bounds: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match="FA101: the length gate's bounds leave no room"):
        LengthGate(**bounds)


@pytest.mark.parametrize(
    "text",
    [
        "my card card card card is lost",
        "where is my card where is my card where is my card",
        "The card is lost. I need a new one now. The card is lost. I need a new one now.",
        "noooooooooooo please",
        "help!!!!!!!!!!",
    ],
)
def test_loops_are_refused(text: str) -> None:
    assert codes(RepetitionGate(), [text]) == [LOOP]


@pytest.mark.parametrize(
    "text",
    [
        "I am still waiting on my card, and my card has not come",
        "no no no, that was wrong",
        "He has no fever, no chills, no cough and no weight loss.",
        "----------\nPlan: rest",
        "rest" + " " * 40 + "and fluids",
        "",
    ],
)
def test_ordinary_text_is_not_a_loop(text: str) -> None:
    assert codes(RepetitionGate(), [text]) == [P]


@pytest.mark.parametrize(
    "setting", [{"max_run": 0}, {"gram_words": 0}, {"max_share": 1.1}, {"max_share": float("nan")}]
)
def test_a_repetition_setting_out_of_range_is_refused(setting: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="FA101: a setting of the repetition gate is out of range"):
        RepetitionGate(**setting)  # type: ignore[arg-type]  # wrong on purpose


def test_a_duplicate_is_found_through_case_punctuation_and_unicode_forms() -> None:
    offered = [
        "Where is my card?",
        "where is  my CARD",
        "Ｗｈｅｒｅ is my card!",
        "where is my other card",
        "?!",
        "?! ",
        "!!",
    ]
    assert codes(DuplicateGate(), offered) == [P, SAME, SAME, P, P, SAME, P]


def test_a_near_duplicate_of_a_kept_text_is_refused_and_of_a_refused_one_is_not() -> None:
    words = [f"w{number}" for number in range(60)]
    one_changed = [*words[:-1], "x"]
    two_changed = [*one_changed[:-6], "y", *one_changed[-5:]]
    assert codes(DuplicateGate(), [" ".join(text) for text in (words, one_changed, two_changed)]) == [P, NEAR, P]


def test_a_text_that_is_known_already_is_a_duplicate() -> None:
    assert codes(DuplicateGate(known=["Lost my card"]), ["lost my card", "found my card"]) == [SAME, P]


def test_a_text_that_is_near_a_known_one_is_refused_with_its_jaccard_index() -> None:
    known = [" ".join(f"w{number}" for number in range(start, start + 40)) for start in range(0, 4_000, 40)]
    gate = DuplicateGate(known=known)
    near, far = known[50].replace("w2039", "x"), known[50].replace("w2020", "x")
    verdicts = gate.judge(Batch((near, far, near)))
    assert [verdict.code for verdict in verdicts] == [NEAR, P, NEAR]
    assert verdicts[0].score == pytest.approx(37 / 39)


def test_texts_of_near_vectors_are_duplicates_where_embeddings_count() -> None:
    def towards(*degrees: float) -> np.ndarray:
        angles = np.deg2rad(degrees)
        return np.stack((np.cos(angles), np.sin(angles)), axis=1).astype(np.float32)

    texts = tuple(f"text number {number}" for number in range(5))
    batch = Batch(texts, vectors=towards(0, 5, 11, 90, 175))
    gate = DuplicateGate(known=["other"], known_vectors=towards(180), closeness=0.99)  # within 8.1 degrees
    verdicts = gate.judge(batch)
    assert [verdict.code for verdict in verdicts] == [P, NEAR, P, P, NEAR]
    assert verdicts[4].score == pytest.approx(np.cos(np.deg2rad(5)))
    assert codes(DuplicateGate(known_vectors=towards(180)), list(texts)) == [P] * 5
    assert codes(gate, list(texts)) == [P] * 5


def brute_force(texts: list[str], threshold: float, size: int) -> list[VerdictCode]:
    """The definition, pair by pair."""
    kept: list[tuple[tuple[str, ...], set[tuple[str, ...]]]] = []
    result = []
    for text in texts:
        words = normalised(text)
        own = {words[start : start + size] for start in range(max(1, len(words) - size + 1))}
        if any(words == other for other, _ in kept):
            result.append(SAME)
        elif any(len(own & other) / len(own | other) >= threshold for _, other in kept):
            result.append(NEAR)
        else:
            result.append(P)
            kept.append((words, own))
    return result


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.lists(st.sampled_from("abcdef"), max_size=14).map(" ".join), max_size=25),
    st.sampled_from([0.3, 0.5, 0.6, 2 / 3, 0.75, 0.8, 0.9, 1.0]),
    st.sampled_from([1, 2, 3]),
)
def test_near_duplicates_are_exactly_those_of_the_definition(texts: list[str], threshold: float, size: int) -> None:
    gate = DuplicateGate(threshold=threshold, shingle_words=size)
    assert codes(gate, texts) == brute_force(texts, threshold, size)


@pytest.mark.parametrize("setting", [{"threshold": 0.0}, {"threshold": NAN}, {"shingle_words": 0}, {"closeness": NAN}])
def test_a_duplicate_setting_out_of_range_is_refused(setting: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="FA101: the duplicate gate's"):
        DuplicateGate(**setting)  # type: ignore[arg-type]  # wrong on purpose


def test_whatever_looks_like_an_identifier_is_refused_and_its_tag_is_not() -> None:
    offered = [
        "Seen on 06/21/07.",
        "Seen on [DATE_TIME].",
        "write to a@example.com",
        "call [PHONE_NUMBER] [EMAIL_ADDRESS]",
    ]
    assert codes(IdentifierGate(), offered) == [FOUND, P, FOUND, P]


def test_an_identifier_beside_a_tag_is_still_found() -> None:
    joints = ("", " ", "-", ".", "[", "]")
    offered = [f"[DATE_TIME]{a}219-09-9999{b}[US_SSN]" for a, b in product(joints, joints)]
    assert set(codes(IdentifierGate(), offered)) == {FOUND}


def test_a_text_that_could_not_be_checked_is_refused() -> None:
    class Broken(Deidentifier):
        def find(self, text: str) -> list[Span]:
            raise QuarantinedRecord("a recogniser failed on a record", "keep it out")

    assert codes(IdentifierGate(Broken()), ["where is my card"]) == [VerdictCode.NOT_CHECKED]
