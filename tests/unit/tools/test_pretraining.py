"""How the embedded model is trained: what from, in what form, and that a run is repeatable and can go on."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from random import Random

import pytest
import torch
from tools.pretraining import clean, network, readers, tasks, written
from tools.pretraining import piece as pieces
from tools.pretraining.mixture import MAX_TOKENS, Mixture, batches, encode
from tools.pretraining.overlap import RUN, Overlap
from tools.pretraining.piece import Piece
from tools.pretraining.prepare import RECORD, prepare
from tools.pretraining.sources import FORBIDDEN, LICENCES, SOURCES, Source

from fedaug.augmentation.datasets import catalogue
from fedaug.augmentation.embedded.base import decoder
from fedaug.augmentation.embedded.loading import BEGIN, END, word_pieces

RECORD_TEXT = "my card was swallowed by a machine in the station hall on a rainy Sunday evening and nobody came"


def _write_csv(path: Path, *rows: dict[str, str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with the compared sets in it, a record each."""
    _write_csv(tmp_path / "data/banking77/train.csv", {"text": RECORD_TEXT, "category": "card_swallowed"})
    _write_csv(
        tmp_path / "data/mts_dialog/train.csv", {"section_text": "No known drug allergies here.", "dialogue": ""}
    )
    _write_csv(tmp_path / "data/aci_bench/train.csv", {"note": "short", "dialogue": "short"})
    return tmp_path / "data"


def _source(*texts: str) -> Source:
    made = [Piece(text, "finance", "query", "card") for text in texts]
    return Source("made", "CC0 1.0", "", lambda _data, held_out: iter([] if held_out else made), 1, own=True)


def test_every_source_may_be_trained_on() -> None:
    assert len(SOURCES) == len({source.name for source in SOURCES}) >= 10
    for source in SOURCES:
        assert source.licence in LICENCES, source.name
        assert source.own == (not source.author), "NOTICE names the author of every text that is not the project's"
        assert source.own == (source.licence == "Apache-2.0"), source.name


def test_no_source_is_a_set_that_plays_records_or_is_share_alike() -> None:
    known = catalogue()
    records = {name for name, found in known.items() if found.role == "records"}
    share_alike = {name for name, found in known.items() if "Sharing" in found.licence or "SA" in found.licence}
    assert {"banking77", "mts_dialog"} <= records <= FORBIDDEN
    assert {"bitext_customer_service"} <= share_alike <= FORBIDDEN
    for source in SOURCES:
        assert not any(source.name.startswith(name) for name in FORBIDDEN), source.name


def test_readers_open_no_file_of_a_forbidden_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[Path] = []

    def record(self: Path, *_args: object, **_named: object) -> object:
        opened.append(self)
        raise FileNotFoundError

    for name in ("open", "read_bytes"):
        monkeypatch.setattr(Path, name, record)
    monkeypatch.setattr("gzip.open", lambda path, *_args, **_named: record(path))
    monkeypatch.setattr(Path, "glob", lambda self, _pattern: [self / "fold0.json", self / "fold1.json"])
    for source in SOURCES:
        if not source.own:
            with pytest.raises(FileNotFoundError):
                list(source.read(tmp_path, False))
    folders = {path.relative_to(tmp_path).parts[0] for path in opened}
    assert folders == {"medquad", "lm_text", "cfpb_structured", "clinc150", "nlupp_banking"}
    assert folders.isdisjoint(FORBIDDEN)


def test_the_dialect_that_plays_records_is_not_trained_on(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    class Notes:
        def __init__(self, per_label: int, dialect: str) -> None:
            asked.append(dialect)

        def generate(self, labels: object, seed: int) -> list[object]:
            return []

    monkeypatch.setattr("tools.pretraining.generated.ClinicalNotes", Notes)
    (source,) = [source for source in SOURCES if source.name == "clinical_notes"]
    assert list(source.read(Path(), False)) == []
    assert asked == ["clinic"]  # the simulated clinics' made-up notes are of the dialect "ward"


def test_a_text_that_shares_13_words_with_a_record_is_dropped_and_counted(data: Path, tmp_path: Path) -> None:
    words = RECORD_TEXT.split()
    near = "Before that, " + " ".join(words[2 : 2 + RUN]).upper() + "!"
    far = "Before that, " + " ".join(words[2 : 2 + RUN - 1]) + ", so."
    (count,) = prepare(data, tmp_path / "corpus", lambda _line: None, [_source(near, far, far, RECORD_TEXT)])
    assert (count.kept, count.overlapping, count.repeated) == (1, 2, 1)
    assert [piece.text for piece in pieces.read(tmp_path / "corpus" / "made.jsonl")] == [far]
    record = json.loads((tmp_path / "corpus" / RECORD).read_bytes())
    assert record["sources"][0]["overlapping"] == 2
    assert record["compared_runs"] == len(words) - RUN + 1


def test_a_short_text_that_is_a_record_word_by_word_is_dropped() -> None:
    overlap = Overlap(["What is the exchange rate?", "What now?"])
    assert overlap.touches("what is the EXCHANGE rate")
    assert not overlap.touches("What is the exchange rate today?")
    assert not overlap.touches("What now?"), "two words are anybody's"


def test_nothing_is_prepared_where_a_compared_set_is_absent(data: Path, tmp_path: Path) -> None:
    (data / "mts_dialog" / "train.csv").unlink()
    with pytest.raises(FileNotFoundError, match="mts_dialog"):
        prepare(data, tmp_path / "corpus", lambda _line: None, [_source("a text")])


@pytest.mark.parametrize(
    "identifying",
    [
        "Write to jane.roe@example.org for more of this.",
        "Call me at 555-010-4477 as soon as you can.",
        "Call me at (555) 010-4477 as soon as you can.",
        "Her number is 078-05-1120 as they told me.",
        "See www.example.org for all of the details.",
        "My account 123456789 was closed by the bank.",
        "I spoke to XXXX about this on the phone.",
    ],
)
def test_a_sentence_with_an_identifier_is_left_out_and_parts_its_neighbours(identifying: str) -> None:
    text = f"This is the first sentence. {identifying} This is the last sentence."
    assert list(clean.runs(text, Random(0))) == ["This is the first sentence.", "This is the last sentence."]


def test_text_is_plain_before_it_is_taught() -> None:
    messy = "“Don’t” pay {$250.00} — it’s 5 % (credit: work by A. B./flickr). I ca n't , sorry."
    assert clean.normalised(messy).startswith("\"Don't\" pay $250, it's 5 %.")


def test_documents_are_held_out_by_their_hash() -> None:
    held = [readers.is_held_out(f"document {number}") for number in range(5_000)]
    # One of 25: a count outside 140 to 260 has a chance below 2e-5.
    assert 140 < sum(held) < 260
    assert held == [readers.is_held_out(f"document {number}") for number in range(5_000)]


@pytest.mark.parametrize("name", ["money", "health", "notes"])
def test_every_written_pattern_gives_whole_texts(name: str) -> None:
    book = written.book(name)
    assert len(book.classes) >= 15
    rng = Random(1)
    for each in book.classes:
        assert each.patterns, each.names
        for pattern in each.patterns:
            assert pattern.count("{") == pattern.count("}"), pattern
            for _ in range(5):
                text = written.expand(pattern, book.lists, rng)
                assert text.strip() == text
                assert not set(text) & set("{}|@"), pattern


def test_a_prompt_is_not_learnt_and_the_end_is() -> None:
    row = encode(word_pieces(), "lost card :", "i lost it")
    assert row is not None
    (batch,) = batches([row], 100)
    learnt = batch.ids[0][batch.learnt[0]].tolist()
    assert word_pieces().decode(learnt[:-1]) == "i lost it"
    assert (row.ids[0], learnt[-1]) == (BEGIN, END)
    assert encode(word_pieces(), "", "word " * MAX_TOKENS) is None


def test_a_filled_up_row_teaches_as_it_does_alone() -> None:
    """No cross-talk: what stands beside a text, and what fills its row up, changes nothing of its loss."""
    model = network.trainable([BEGIN, END])
    rows = [encode(word_pieces(), "", text) for text in ("i lost my card", "where is it and when does it come to me?")]
    alone = sum(float(network.loss(model, next(batches([row], 100)), None).detach()) for row in rows if row)
    (both,) = batches([row for row in rows if row], 100)
    assert float(network.loss(model, both, None).detach()) == pytest.approx(alone, rel=1e-5)


def test_a_sampled_softmax_is_the_whole_one_on_average() -> None:
    model = network.trainable(range(30_522))
    network.scratch(model, 1)  # no token stands out, as none does that was trained to be wrong
    row = encode(word_pieces(), "", "i lost my card in the rain")
    assert row is not None
    (batch,) = batches([row], 100)
    with torch.no_grad():
        whole = float(network.loss(model, batch, None))
        drawn = [float(network.loss(model, batch, network.Vocabulary(torch.zeros(30_522), seed))) for seed in range(20)]
    # The logits differ by about a unit, so that the sum over 8,000 of 30,522 tokens is off by some percent at most.
    assert sum(drawn) / len(drawn) == pytest.approx(whole, rel=0.01)


def test_the_table_is_frozen_and_everything_else_is_trained() -> None:
    model = network.trainable([BEGIN, END])
    frozen = [name for name, weight in model.named_parameters() if not weight.requires_grad]
    assert frozen == ["bert.embeddings.word_embeddings.weight"]


def test_a_control_run_begins_without_what_the_package_taught() -> None:
    model, base = network.trainable([BEGIN, END]), dict(decoder().named_parameters())
    network.scratch(model, 1)
    same = {name for name, weight in model.named_parameters() if weight.ndim == 2 and torch.equal(weight, base[name])}
    assert same == set()


def test_telling_words_are_those_that_few_texts_have() -> None:
    documents = {"the": 1000, "card": 20, "swallowed": 2, "was": 900}
    said = tasks.telling_words("The card was swallowed by Zorblax.", documents, Random(3))
    assert set(said.split()) <= {"card", "swallowed", "was"}
    assert "swallowed" in said


def test_a_gap_and_what_filled_it_make_the_text() -> None:
    piece = Piece("I lost my card on the way to the station.", "finance", "query", "lost card")
    for seed in range(30):
        prompt, span = tasks.fill(piece, Random(seed))
        assert prompt.removeprefix("fill | ").removesuffix(" :").replace("___", span) == piece.text


def test_every_part_of_a_prefix_is_dropped_at_times() -> None:
    piece = Piece("I lost my card.", "finance", "query", "lost card")
    prompts = {tasks.write(piece, 6, {}, Random(seed))[0] for seed in range(500)}
    assert "" in prompts
    assert "finance query | lost card | short :" in prompts
    for part in ("finance", "query", "lost card", "short"):
        assert any(prompt and part not in prompt for prompt in prompts), part


@pytest.fixture
def corpus(data: Path, tmp_path: Path) -> Path:
    texts = [f"I lost my card number {number} on the way, what do I do?" for number in range(40)]
    prepare(data, tmp_path / "corpus", lambda _line: None, [_source(*texts)])
    return tmp_path / "corpus"


def test_the_stream_is_a_function_of_seed_and_step(corpus: Path) -> None:
    def rows(seed: int, step: int) -> list[list[int]]:
        drawn = Mixture(corpus, {"made": 1}, word_pieces(), seed).step(step, 300, 200)
        return [row for batch in drawn for row in batch.ids.tolist()]

    assert rows(7, 3) == rows(7, 3)
    assert rows(7, 3) != rows(7, 4)
    assert rows(7, 3) != rows(8, 3)
