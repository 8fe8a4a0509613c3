"""Evaluation items that got into a pool, whole, in part or reworded, and innocent texts that did not."""

import math
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fedaug.errors import ConfigError
from fedaug.privacy.vetting import Batch, VerdictCode, evaluation
from fedaug.privacy.vetting.contamination import ContaminationGate
from fedaug.privacy.vetting.evaluation import ANCHOR_WORDS, BAG_WORDS, EvaluationIndex, Thresholds
from fedaug.privacy.vetting.telling import EVERYDAY, EVERYDAY_SHARE
from fedaug.privacy.vetting.words import normalised

BANKING = [
    "I am still waiting on my card?",
    "How do I locate my card?",
    "Why was the exchange rate so poor when I bought furniture in Lisbon last Saturday afternoon?",
    "My recipient in Denmark says the transfer bounced twice, although the statement shows it as settled.",
    "Can I top up with a cheque?",
    "What is the fee for a disposable virtual card?",
]
CLINIC = [
    "No known drug allergies.",
    "The patient is a kindergarten teacher who smokes half a pack of cigarettes daily.",
]
FILES = {"banking77/test": BANKING, "clinic/test": CLINIC}
INNOCENT = [
    "I am still unsure about the fee",
    "how do I close this",
    "The weather in Lisbon was fine",
    "My card was eaten by the machine at the station",
    "",
    "?!",
]
FURNITURE = BANKING[2]


def verdict_of(text: str, **more: object) -> tuple[bool, str | None]:
    verdict = ContaminationGate(FILES, **more).judge(Batch((text,)))[0]  # type: ignore[arg-type]  # any setting
    assert verdict.code in {VerdictCode.PASSED, VerdictCode.CONTAMINATED}
    return verdict.passed, verdict.item


@pytest.mark.parametrize(
    ("text", "item"),
    [
        ("I AM STILL WAITING ON MY CARD", "banking77/test:0"),
        ("how, do: I - locate\n my card!!", "banking77/test:1"),
        (f"Hello there. {FURNITURE} Thank you very much indeed for all of your help", "banking77/test:2"),
        ("Why was the exchange rate so poor when I bought a round of coffees", "banking77/test:2"),
        ("so long, bought furniture in Lisbon last Saturday afternoon", "banking77/test:2"),
        ("last Saturday why was the exchange rate so poor when I bought furniture in Lisbon", "banking77/test:2"),
        ("A transfer to my recipient in Denmark bounced twice, the statement shows it settled", "banking77/test:3"),
        ("The patient is a teacher and smokes a half pack of cigarettes daily", "clinic/test:1"),
        ("no known drug allergies", "clinic/test:0"),
    ],
)  # fmt: skip
def test_an_item_is_found_however_it_is_dressed_up(text: str, item: str) -> None:
    assert verdict_of(text) == (False, item)


@pytest.mark.parametrize("text", INNOCENT)
def test_an_innocent_text_passes(text: str) -> None:
    assert verdict_of(text) == (True, None)


def test_half_of_an_item_counts_only_if_it_tells_more_than_everyday_words() -> None:
    items = ["can you tell me how to do it now", "saffron quokkas juggle lanterns beside frozen harbours nightly"]
    files = {"x": [*items, *(f"can you tell me how to {verb} it now" for verb in ("mend", "open", "see", "close"))]}
    texts = ("can you tell me how to bake bread", "saffron quokkas juggle lanterns while others look on and clap")
    verdicts = ContaminationGate(files).judge(Batch(texts))
    assert [verdict.item for verdict in verdicts] == [None, "x:1"]
    assert verdicts[1].score == 0.5


def test_thirteen_words_in_a_row_are_enough_even_of_a_long_item() -> None:
    item = " ".join(f"w{number}" for number in range(400))
    gate = ContaminationGate({"x": [item]}, thresholds=Thresholds(weight=1e9, bag=1.0))
    texts = [" ".join(["other", *(f"w{number}" for number in range(50, 50 + words)), "words"]) for words in (12, 13)]
    assert [verdict.passed for verdict in gate.judge(Batch(tuple(texts)))] == [True, False]


def test_without_normalisation_dressed_up_items_would_be_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fedaug.privacy.vetting.words.normalised", lambda text: tuple(text.split()) or ("",))
    assert verdict_of("I AM STILL WAITING ON MY CARD") == (True, None)  # the seeded defect


def test_of_several_items_the_likest_is_named_and_of_equals_the_first() -> None:
    files = {
        "a": ["where is my parcel from Oslo"],
        "b": ["where is my parcel from Bergen", "where is my parcel from Oslo"],
    }
    verdict = ContaminationGate(files).judge(Batch(("Where is my parcel from Oslo?",)))[0]
    assert (verdict.item, verdict.score) == ("a:0", 1.0)


def test_a_text_that_means_an_item_is_found_by_its_vector() -> None:
    def towards(*degrees: float) -> np.ndarray:
        angles = np.deg2rad(degrees)
        return np.stack((np.cos(angles), np.sin(angles)), axis=1).astype(np.float32)

    vectors = {"clinic/test": towards(0, 90)}
    batch = Batch(("something else", "and another", "yet another"), vectors=towards(85, 45, 2))
    gate = ContaminationGate(FILES, vectors=vectors, closeness=0.99)
    assert [verdict.item for verdict in gate.judge(batch)] == ["clinic/test:1", None, "clinic/test:0"]
    assert [verdict.item for verdict in gate.judge(Batch(batch.texts))] == [None] * 3


@pytest.mark.parametrize(
    ("settings", "what"),
    [
        ({"closeness": float("nan")}, "closeness is not above 0"),
        ({"vectors": {"clinic/test": np.ones((1, 2), np.float32)}}, "has not one vector for each item"),
        ({"vectors": {"unknown": np.ones((1, 2), np.float32)}}, "has not one vector for each item"),
    ],
)
def test_settings_that_do_not_fit_are_refused(settings: dict[str, object], what: str) -> None:
    with pytest.raises(ConfigError, match=f"FA101: .*{what}"):
        verdict_of("text", **settings)


def by_definition(texts: list[str], items: list[str], limits: Thresholds) -> dict[tuple[int, int], float]:
    """Bags and runs of every pair of a text and an item."""
    every = [normalised(item) for item in items]
    holders = {word: sum(word in item for item in every) for item in every for word in item}

    def weight(word: str) -> float:
        if word not in holders:
            return 1.0
        telling = math.log((len(items) + 1) / (holders[word] + 0.5)) / math.log((len(items) + 1) / 1.5)
        return telling * (EVERYDAY_SHARE if word in EVERYDAY else 1)

    found: dict[tuple[int, int], float] = {}
    for row, text in enumerate(map(normalised, texts)):
        for place, item in enumerate(every):
            either, both = set(text) | set(item), set(text) & set(item)
            common = sum(map(weight, both))
            likeness = common / sum(map(weight, either))
            if (
                likeness >= limits.bag
                and (common >= limits.weight or likeness >= limits.same)
                and len(set(text)) <= BAG_WORDS
            ):
                found[row, place] = likeness
            for start, end in ((a, b) for a in range(len(item)) for b in range(a + ANCHOR_WORDS, len(item) + 1)):
                run = item[start:end]
                copied = any(text[at : at + len(run)] == run for at in range(len(text)))
                telling = sum(map(weight, run)) >= limits.weight and len(run) >= limits.run_share * len(item)
                if copied and (telling or len(run) >= limits.run_words):
                    found[row, place] = max(found.get((row, place), 0), len(run) / len(item))
    return found


WORDS = st.lists(st.sampled_from("abcdefgh"), max_size=14).map(" ".join)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(WORDS, max_size=5), st.lists(WORDS, min_size=1, max_size=6), st.sampled_from([0.35, 0.55, 0.8]),
    st.sampled_from([2.5, 4.0]),
)  # fmt: skip
def test_runs_and_bags_are_those_of_the_definition(
    texts: list[str], items: list[str], bag: float, weight: float
) -> None:
    limits = Thresholds(run_words=6, bag=bag, weight=weight, jaccard=1.0)
    found: dict[tuple[int, int], float] = {}
    for part in EvaluationIndex(items, limits).matches(texts):
        for row, place, likeness in zip(part.texts.tolist(), part.items.tolist(), part.likeness, strict=True):
            found[row, place] = max(found.get((row, place), 0), float(likeness))
    expected = by_definition(texts, items, limits)
    same = {pair for pair, likeness in found.items() if likeness == 1.0 and pair not in expected}
    assert {pair: found[pair] for pair in found.keys() - same} == pytest.approx(expected)
    # Equal sets of pairs of neighbours are one more way.
    assert all(set(normalised(texts[row])) == set(normalised(items[place])) for row, place in same)


def test_an_item_of_any_length_is_looked_for_a_part_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    draw = random.Random(5)
    items = [" ".join(draw.choice("abcdefghij") for _ in range(draw.randint(1, 30))) for _ in range(200)]
    texts = [*items[:50], *(" ".join(draw.choice("abcdefghij") for _ in range(20)) for _ in range(50))]
    whole = ContaminationGate({"x": items}).judge(Batch(tuple(texts)))
    cut = evaluation.blocks
    monkeypatch.setattr(evaluation, "blocks", lambda ends: cut(ends, 500))
    assert ContaminationGate({"x": items}).judge(Batch(tuple(texts))) == whole
    assert [verdict.item for verdict in whole[:3]] == ["x:0", "x:1", "x:2"]
