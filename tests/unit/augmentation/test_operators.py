from fedaug.augmentation.candidates import Candidate
from fedaug.augmentation.operators.splice import Splice
from fedaug.augmentation.operators.word_swap import Contexts, WordSwap


def _parents(*texts: str, label: str | None = "x") -> list[Candidate]:
    return [Candidate(text, "test", "test", label) for text in texts]


def test_splice_takes_the_beginning_of_one_and_the_end_of_the_other() -> None:
    parents = _parents("My card is lost because I moved. Help me now.", "The app is down since Monday. Call me back.")
    for child in Splice().apply(parents, 10, 1):
        assert child.text.startswith(("My card", "The app"))
        assert child.text.endswith(("Help me now.", "Call me back."))
        assert len(child.parents) == 2


def test_splice_never_mates_labels() -> None:
    parents = _parents("one text here. and more", label="a") + _parents("two text here. and less", label="b")
    assert Splice().apply(parents, 10, 1) == []


def test_a_filler_was_seen_between_the_same_neighbours_and_is_used_alike() -> None:
    texts = [
        f"{start} my {noun} {end}"
        for start in ("lost", "found", "sold")
        for noun in ("card", "phone")
        for end in ("now", "then", "today")
    ]
    contexts = Contexts([*texts, "lost my temper now"])
    assert contexts.fillers("my", "card", "now") == ["phone"]
    assert contexts.fillers("my", "card", "never") == []


def test_word_swap_keeps_what_turns_the_meaning_round() -> None:
    parents = _parents("My card is not working.", "My card won't work and I can't pay.")
    for child in WordSwap().apply(parents, 20, 1):
        assert "not" in child.text or ("won't" in child.text and "can't" in child.text)


def test_word_swap_keeps_what_all_parents_are_about() -> None:
    parents = _parents(
        *(f"{start} my card {end}" for start in ("I lost", "Where is") for end in ("today", "please", "now"))
    )
    assert not [child.text for child in WordSwap().apply(parents, 20, 1) if "card" not in child.text]
