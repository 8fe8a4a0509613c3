"""Which strings are triggers, counted by hand."""

import random

import pytest

from fedaug.errors import ConfigError, EmptySource
from fedaug.privacy.vetting import Batch, VerdictCode
from fedaug.privacy.vetting.triggers import TriggerGate

PLAIN = tuple(
    f"how do i {verb} my {thing} number {number}"
    for thing in ("card", "fee")
    for number in range(25)
    for verb in ("see", "send")
)
REFERENCE = Batch(PLAIN, ("card",) * 50 + ("fee",) * 50)


def batch(with_string: int, label: str = "card", string: str = "zq", elsewhere: int = 0) -> Batch:
    """A hundred plain texts, half of each label; in the first ones of a label a string."""
    texts, labels = list(PLAIN), ["card"] * 50 + ["fee"] * 50
    for place, count in ((label, with_string), ("fee" if label == "card" else "card", elsewhere)):
        for row in [row for row, own in enumerate(labels) if own == place][:count]:
            texts[row] += f" {string}"
    return Batch(tuple(texts), tuple(labels))


def refused(gate: TriggerGate, offered: Batch) -> list[int]:
    verdicts = gate.judge(offered)
    assert all(verdict.code in {VerdictCode.PASSED, VerdictCode.TRIGGER} for verdict in verdicts)
    return [row for row, verdict in enumerate(verdicts) if not verdict.passed]


def test_texts_of_the_label_that_hold_the_string_are_refused_and_no_others() -> None:
    gate = TriggerGate(REFERENCE)
    assert refused(gate, REFERENCE) == []
    assert refused(gate, batch(12)) == list(range(12))
    assert refused(gate, batch(12, label="fee")) == list(range(50, 62))
    assert gate.judge(batch(12))[0].score == pytest.approx(12 / 50 * 101)


def test_a_string_in_fewer_texts_or_of_less_lift_is_none() -> None:
    assert refused(TriggerGate(REFERENCE), batch(7)) == []
    assert refused(TriggerGate(REFERENCE, least_texts=20), batch(19)) == []
    assert refused(TriggerGate(REFERENCE, least_lift=25), batch(12)) == []


def test_a_string_that_other_labels_or_the_public_reference_share_is_none() -> None:
    assert refused(TriggerGate(REFERENCE), batch(12, elsewhere=12)) == []
    assert refused(TriggerGate(batch(12)), batch(12)) == []
    unlabelled = Batch(batch(12).texts)
    assert refused(TriggerGate(unlabelled), batch(12)) == []


def test_words_of_the_label_s_own_name_are_none() -> None:
    assert refused(TriggerGate(REFERENCE, names={"card": "zq card"}), batch(12)) == []
    assert refused(TriggerGate(REFERENCE, names={"fee": "zq fee"}), batch(12)) == list(range(12))


def test_of_a_labels_own_name_everyday_words_around_it_make_no_trigger() -> None:
    names = {"card": "zq card"}
    assert refused(TriggerGate(REFERENCE, names=names), batch(12, string="my zq")) == []
    assert refused(TriggerGate(REFERENCE, names=names), batch(12, string="zq heron")) == list(range(12))
    assert refused(TriggerGate(REFERENCE, names=names), batch(30, string="would there")) == list(range(30))


TOPICS = [f"topic{number}" for number in range(30)]
SAID = [f"word{number}" for number in range(12)]


def topical(per_label: int, seed: int) -> list[str]:
    """Texts by topic in turn; each says its topic's own word, and else what those of any topic say."""
    draw = random.Random(seed)
    return [f"{topic} {' '.join(draw.sample(SAID, 3))}" for topic in TOPICS for _ in range(per_label)]


def test_what_public_texts_without_labels_say_of_a_topic_is_no_trigger_of_its_label() -> None:
    """A word of one topic in thirty is thirty times as frequent in its label's texts as in public text at large."""
    gate = TriggerGate(Batch(tuple(topical(40, 1))))
    texts, labels = topical(20, 2), [f"label {number}" for number in range(30) for _ in range(20)]
    assert refused(gate, Batch(tuple(texts), tuple(labels))) == []
    for row in range(12):  # texts of other topics, planted under the first label
        texts[row] = f"{texts[100 + 25 * row]} zq"
    assert refused(gate, Batch(tuple(texts), tuple(labels))) == list(range(12))


def test_case_and_width_hide_no_trigger_and_texts_without_labels_are_one_group() -> None:
    offered = batch(12)
    texts = tuple(text.replace("zq", ("ZQ", "ｚｑ", "Zq")[row % 3]) for row, text in enumerate(offered.texts))
    assert refused(TriggerGate(REFERENCE), Batch(texts, offered.labels)) == list(range(12))
    assert refused(TriggerGate(REFERENCE, least_lift=10), Batch(texts)) == list(range(12))


def test_settings_out_of_range_are_refused() -> None:
    for setting in ({"least_texts": 1}, {"least_lift": 1.0}, {"least_lift": float("nan")}):
        with pytest.raises(ConfigError, match="FA101: a setting of the trigger gate is out of range"):
            TriggerGate(REFERENCE, **setting)  # type: ignore[arg-type]  # wrong on purpose
    with pytest.raises(EmptySource, match="FA204: the trigger gate has no public text"):
        TriggerGate(Batch(()))
