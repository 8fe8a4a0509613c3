"""Canaries for DP: texts of their own, without identifiers, and coins that nobody but the auditor sees."""

from __future__ import annotations

import pytest
from tests.seeded_noise import SeededNoise

from fedaug.errors import ConfigError
from fedaug.privacy.audit.canaries import PREFIXES, canary_texts, flip_canaries, rare_words
from fedaug.privacy.deid import Deidentifier
from fedaug.privacy.noise import SystemNoise
from fedaug.privacy.vetting.words import words


def test_canaries_begin_as_records_do_and_end_in_words_that_no_other_has() -> None:
    texts = canary_texts(1_000, 3)
    assert len(set(texts)) == 1_000
    assert all(text.startswith(PREFIXES[row % len(PREFIXES)] + " ") for row, text in enumerate(texts))
    ends = [word for text in texts for word in words(text)[-4:]]
    assert len(set(ends)) == len(ends) == 4_000
    assert set(ends) <= set(rare_words())


def test_the_texts_depend_on_the_seed_and_the_first_ones_not_on_how_many_there_are() -> None:
    assert canary_texts(50, 3) == canary_texts(50, 3) == canary_texts(80, 3)[:50]
    assert not set(canary_texts(50, 3)) & set(canary_texts(50, 4))


def test_a_word_of_a_prefix_ends_no_canary() -> None:
    prefix = " ".join(rare_words()[:200])
    ends = {word for text in canary_texts(2_000, 1, [prefix]) for word in words(text)[-4:]}
    assert len(ends) == 8_000
    assert not ends & set(words(prefix))


def test_canaries_hold_nothing_that_the_rules_take_for_an_identifier() -> None:
    deidentifier = Deidentifier(neural=False)
    texts = canary_texts(300, 5)
    changed = sum(
        outcome.text != text for text, outcome in zip(texts, deidentifier.deidentify_many(texts), strict=True)
    )
    assert changed <= 3
    assert deidentifier.deidentify(texts[0] + ", SSN 219-09-9999") != texts[0]  # it does look


def test_a_screen_is_asked_before_any_coin_falls() -> None:
    texts = canary_texts(500, 2, screen=lambda asked: [len(text) % 2 == 0 for text in asked])
    assert len(texts) == 500
    assert all(len(text) % 2 == 0 for text in texts)
    with pytest.raises(ConfigError, match="too few rare words"):
        canary_texts(5, 2, screen=lambda asked: [False] * len(asked))


def test_only_what_the_coins_say_is_put_in() -> None:
    texts = canary_texts(400, 1)
    canaries = flip_canaries(texts, SeededNoise(7), [f"c{row % 3}" for row in range(400)], repeats=2)
    records = canaries.records("x")
    assert [record.text for record in records[::2]] == [texts[row] for row in range(400) if canaries.included[row]]
    assert records[::2] == records[1::2]  # repeats share one subject
    assert len({record.subject_id for record in records}) == canaries.included.sum()
    assert all(record.label == f"c{int(record.subject_id[1:]) % 3}" for record in records)


def test_the_coins_are_fair_and_new_each_time() -> None:
    texts = canary_texts(1_000, 1)
    first, second = (flip_canaries(texts, SystemNoise()).included for _ in range(2))
    # Five standard deviations, exceeded with a chance below 1e-6.
    assert all(abs(int(coins.sum()) - 500) < 80 for coins in (first, second))
    assert 420 < int((first == second).sum()) < 580


def test_a_canary_s_repr_holds_no_text() -> None:
    canaries = flip_canaries(canary_texts(2, 1), SeededNoise(1))
    assert canaries.texts[0] not in repr(canaries)
    assert all(record.text not in repr(record) for record in canaries.records())


def test_canaries_that_cannot_be_told_apart_are_refused() -> None:
    with pytest.raises(ConfigError, match="missing, repeated"):
        flip_canaries(["a", "a"], SeededNoise(1))
    with pytest.raises(ConfigError, match="missing, repeated"):
        flip_canaries(["a", "b"], SeededNoise(1), ["c"])
    with pytest.raises(ConfigError, match="missing, repeated"):
        flip_canaries([], SeededNoise(1))
    with pytest.raises(ConfigError, match="too few rare words"):
        canary_texts(5_000, 1)
    with pytest.raises(ConfigError, match="no canary"):
        canary_texts(5, 1, [])
