"""The hostile texts hold what they claim to hold."""

import pytest
from tests.hostile_collection import Collection
from tests.hostile_texts import DISGUISED, HIDDEN, HOSTILE, TESTED


def test_there_are_many_texts_and_each_says_what_it_tries() -> None:
    assert len(HOSTILE) >= 110
    assert set(TESTED) == set(HOSTILE)
    assert len(set(TESTED.values())) == len(TESTED)


@pytest.mark.parametrize("name", sorted(HIDDEN))
def test_a_hidden_identifier_stands_in_its_text(name: str) -> None:
    assert HIDDEN[name]
    assert [ascii(piece) for piece in HIDDEN[name] if not piece or piece not in HOSTILE[name]] == []


def test_the_disguised_texts_hide_something() -> None:
    assert set(HIDDEN) > DISGUISED


def test_the_texts_hold_the_characters_and_sizes_that_break_readers() -> None:
    everything = "".join(HOSTILE.values())
    assert set("\x00\u200b\u200d\u202e\ufeff\u00ad\u3000\ud800\u0301\u2028\x1b\uff11\u0663\u2044\ufb03") <= set(
        everything
    )
    assert max(len(text) for text in HOSTILE.values()) >= 1_000_000
    assert "" in HOSTILE.values()


def test_no_text_is_lost_to_a_name_used_twice() -> None:
    collection = Collection()
    collection.add("a", "one", "x")
    with pytest.raises(AssertionError, match="a"):
        collection.add("a", "two", "y")
