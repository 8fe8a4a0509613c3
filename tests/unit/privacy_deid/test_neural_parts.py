"""The embedded recogniser's parts: windows, words, tags, the loss of half annotated sources."""

from __future__ import annotations

import itertools
import math
from pathlib import Path
from random import Random

import numpy as np
import pytest
import torch
from tools.ner_corpus.example import Example
from tools.ner_training import adapter
from tools.ner_training.batches import batches, samples, tags_of
from tools.ner_training.train import Settings, by_pieces, partial_loss, train

from fedaug.privacy.deid.neural.decoding import spans_of, words_of
from fedaug.privacy.deid.neural.network import Network, OneDnnLinear
from fedaug.privacy.deid.neural.pieces import CASES, FEATURES, GAPS, Reader
from fedaug.privacy.deid.neural.weights import load_pretrained, merge
from fedaug.privacy.deid.neural.windows import OVERLAP, WINDOW, windows_of
from fedaug.privacy.deid.spans import Span

LABELS = ("PERSON", "LOCATION")
TEXT = "Seen: Ada Byron,\n\nLondon-Soho 12"
MARKED = Example(TEXT, ((6, 15, "PERSON"), (18, 29, "LOCATION")), frozenset({"PERSON"}))


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader()


@pytest.mark.parametrize("count", [0, 1, WINDOW - 1, WINDOW, WINDOW + 1, 2 * WINDOW, 5_000])
def test_every_piece_is_kept_once_and_with_context(count: int) -> None:
    windows = windows_of(0, count)
    assert [place for window in windows for place in range(window.keep, window.keep_end)] == list(range(count))
    for window in windows:
        assert window.end - window.start <= WINDOW
        assert window.start == 0 or window.keep - window.start >= OVERLAP // 2
        assert window.end == count or window.end - window.keep_end >= OVERLAP // 2


def test_a_word_knows_its_place_case_and_gap(reader: Reader) -> None:
    pieces = reader.read(TEXT)
    words = [TEXT[start:end] for start, end in zip(pieces.starts, pieces.ends, strict=True)]
    assert words == ["Seen", ":", "Ada", "Byron", ",", "London", "-", "Soho", "12"]
    first = [pieces.words.index(word) for word in range(len(words))]
    names = (*CASES, *GAPS)
    assert [names[pieces.cases[at]] for at in first] == [
        "capitalised", "punctuation", "capitalised", "capitalised", "punctuation", "capitalised", "punctuation",
        "capitalised", "2 digits",
    ]  # fmt: skip
    assert [names[pieces.gaps[at]] for at in first] == [
        "paragraph", "none", "space", "space", "none", "paragraph", "none", "none", "space",
    ]  # fmt: skip


def test_a_text_that_is_read_in_blocks_gives_the_same_pieces(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (TEXT + " and so on. ") * 40
    whole = reader.read(text)
    monkeypatch.setattr("fedaug.privacy.deid.neural.pieces._BLOCK_CHARS", 100)
    assert reader.read(text) == whole


def test_the_pieces_of_one_word_are_limited_and_its_place_is_whole(reader: Reader) -> None:
    text = "id " + "x7q9" * 24
    pieces = reader.read(text)
    assert len(pieces.ids) <= 17
    assert (pieces.starts[1], pieces.ends[1]) == (3, len(text))


def test_tags_mark_the_first_piece_of_a_span_as_its_beginning(reader: Reader) -> None:
    pieces = reader.read(TEXT)
    tags = tags_of(pieces, MARKED, LABELS)
    by_word = {TEXT[pieces.starts[word] : pieces.ends[word]]: tag for word, tag in zip(pieces.words, tags, strict=True)}
    assert tags[pieces.words.index(2)] == 1
    assert by_word["Byron"] == 2
    assert by_word["-"] == by_word["Soho"] == 4
    assert tags[pieces.words.index(5)] == 3
    assert by_word["Seen"] == by_word["12"] == 0


def test_tags_and_decoding_are_inverse(reader: Reader) -> None:
    pieces = reader.read(TEXT)
    certain = np.eye(5, dtype=np.float32)[tags_of(pieces, MARKED, LABELS)]
    spans = spans_of(TEXT, words_of(pieces, certain), LABELS, 0.5)
    assert spans == [Span(6, 15, "PERSON", 1.0), Span(18, 29, "LOCATION", 1.0)]


def test_a_word_is_found_if_any_of_its_pieces_is(reader: Reader) -> None:
    text = "Szczebrzeszynski"
    pieces = reader.read(text)
    assert len(pieces.ids) > 2
    tags = np.tile(np.array([[0.99, 0.01, 0, 0, 0]], np.float32), (len(pieces.ids), 1))
    tags[-1] = [0.2, 0, 0.8, 0, 0]
    (span,) = spans_of(text, words_of(pieces, tags), LABELS, 0.5)
    assert (span.start, span.end, span.entity_type) == (0, len(text), "PERSON")


def test_a_stroke_between_found_figures_belongs_to_them_and_a_comma_at_the_edge_does_not(reader: Reader) -> None:
    text = "on 3/14, then"
    pieces = reader.read(text)
    tags = np.zeros((len(pieces.ids), 5), np.float32)
    tags[:, 0] = 1
    for word in (1, 3, 4):
        tags[pieces.words.index(word)] = [0, 0, 1, 0, 0]
    (span,) = spans_of(text, words_of(pieces, tags), LABELS, 0.5)
    assert text[span.start : span.end] == "3/14"


@pytest.mark.parametrize(
    ("person", "title", "expected"),
    [(0.31, 0.6, "PERSON"), (0.25, 0.6, "TITLE"), (0.1, 0.6, "TITLE"), (0.6, 0.3, "PERSON")],
)
def test_no_name_is_taken_for_a_trait_that_policies_keep(
    person: float, title: float, expected: str, reader: Reader
) -> None:
    pieces = reader.read("Reverend")
    tags = np.array([[1 - person - title, person, 0, title, 0]], np.float32).repeat(len(pieces.ids), axis=0)
    (span,) = spans_of("Reverend", words_of(pieces, tags), ("PERSON", "TITLE"), 0.25)
    assert span.entity_type == expected
    assert span.score == pytest.approx(person + title)


def test_a_type_that_a_source_does_not_annotate_is_not_taught_as_absent() -> None:
    (batch,) = itertools.islice(batches(samples([MARKED], LABELS, Random(1)), 500, Random(1)), 1)
    allowed = batch.allowed[0, 1]  # "Seen": outside every span
    assert allowed.tolist() == [True, False, False, True, True], "O, and LOCATION, which is not known"
    logits = torch.zeros(1, batch.ids.shape[1], 5)
    logits[..., 3] = 50.0  # every piece is said to be a place
    wrong = partial_loss(logits, batch, 1.0)
    known = Example(TEXT, MARKED.spans, frozenset(LABELS))
    (other,) = itertools.islice(batches(samples([known], LABELS, Random(1)), 500, Random(1)), 1)
    assert partial_loss(logits, other, 1.0) > wrong + 5


def test_the_loss_of_even_odds_is_the_logarithm_of_the_tags() -> None:
    known = Example(TEXT, MARKED.spans, frozenset(LABELS))
    (batch,) = itertools.islice(batches(samples([known], LABELS, Random(1)), 500, Random(1)), 1)
    assert float(partial_loss(torch.zeros(1, batch.ids.shape[1], 5), batch, 1.0)) == pytest.approx(math.log(5))


def test_what_was_trained_is_what_loads() -> None:
    torch.manual_seed(3)
    network = adapter.trainable(layers=1, tags=5, rank=4, dropout=0.0)
    stream = batches(samples([MARKED] * 60, LABELS, Random(1)), 200, Random(1))
    losses: list[float] = []
    settings = Settings(rate=5e-3)

    def losing(step: int, loss: float) -> None:
        losses.append(loss)

    before = adapter.difference(network)
    assert train(network, stream, by_pieces(500), settings, losing) >= 2
    shipped = adapter.difference(network)
    assert any(not torch.equal(before[name], shipped[name]) for name in before if name.endswith("up"))
    weights = load_pretrained(1)
    merge(weights, shipped)
    loaded = Network(layers=1, features=FEATURES, tags=5)
    loaded.load_state_dict(weights)
    loaded.train(False)
    network.train(False)
    ids, features = torch.tensor([[101, 2000, 3000, 102]]), torch.zeros(1, 4, 2, dtype=torch.long)
    mask = torch.ones(1, 4, dtype=torch.bool)
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        expected = network(ids, features, mask)
    with torch.inference_mode():
        assert torch.allclose(loaded(ids, features, mask), expected.float(), atol=0.05)


@pytest.mark.skipif(not OneDnnLinear.available(), reason="this torch is built without oneDNN")
def test_the_faster_product_is_the_same_product() -> None:
    torch.manual_seed(1)
    linear = torch.nn.Linear(384, 1536)
    inputs = torch.randn(2, 48, 384)
    with torch.inference_mode():
        assert torch.allclose(OneDnnLinear(linear)(inputs), linear(inputs), atol=1e-5)


def test_a_run_goes_on_from_what_another_has_written(tmp_path: Path) -> None:
    torch.manual_seed(3)
    network = adapter.trainable(layers=1, tags=5, rank=4, dropout=0.0)
    train(
        network, batches(samples([MARKED] * 60, LABELS, Random(1)), 200, Random(1)), by_pieces(500), Settings(), _quiet
    )
    adapter.save(network, tmp_path / "en.safetensors")
    other = adapter.trainable(layers=1, tags=5, rank=4, dropout=0.0)
    before = adapter.difference(other)
    adapter.resume(other, tmp_path / "en.safetensors")
    wanted, got = adapter.difference(network), adapter.difference(other)
    assert any(not torch.equal(before[name], wanted[name]) for name in wanted)
    for name, tensor in wanted.items():
        assert torch.allclose(tensor, got[name], atol=1e-3), name


def _quiet(step: int, loss: float) -> None:
    """Progress that nobody reads."""
