"""A training run: it goes on as if it had not stopped, rounds what it will store, and ends with what can be loaded."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from tools.pretraining import network, pack, release, state
from tools.pretraining import piece as pieces
from tools.pretraining.mixture import Mixture
from tools.pretraining.piece import Piece
from tools.pretraining.prepare import FREQUENCIES, RECORD
from tools.pretraining.rounding import Rounding
from tools.pretraining.train import Run, Settings

from fedaug.augmentation.embedded import load_embedded
from fedaug.augmentation.embedded.base import decoder
from fedaug.augmentation.embedded.card import load_card
from fedaug.augmentation.embedded.loading import BEGIN, END, word_pieces

SMALL = Settings(tokens=40, rows_of=100, rate=1e-3, muon=1e-3, warm_up=1, every=1e9)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    made = [Piece(f"I lost card {number}.", "finance", "query", "lost card") for number in range(9)]
    pieces.write(made, folder / "made.jsonl")
    (folder / FREQUENCIES).write_text("{}", "utf-8")
    read = {"name": "made", "licence": "CC0 1.0", "kept": 9, "words": 36, "overlapping": 0}
    (folder / RECORD).write_text(json.dumps({"sources": [read]}), "utf-8")
    return folder


def _run(corpus: Path, folder: Path, settings: Settings) -> Run:
    folder.mkdir(exist_ok=True)
    torch.set_num_threads(1)
    mixture = Mixture(corpus, {"made": 1.0}, word_pieces(), 7)
    return Run(network.trainable([BEGIN, END]), mixture, settings, folder, lambda _line: None)


def _weights(folder: Path) -> dict[str, torch.Tensor]:
    return release.trained(folder, "weights")


@pytest.fixture(scope="module")
def whole(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of three updates in one sitting."""
    folder = tmp_path_factory.mktemp("whole")
    _run(corpus, folder, replace(SMALL, until=81)).train()
    found = state.load(folder)
    assert found is not None
    assert found[0].step >= 2
    return folder


def test_a_run_in_two_sittings_is_the_run_in_one_to_the_bit(corpus: Path, whole: Path, tmp_path: Path) -> None:
    first = replace(SMALL, until=1)
    _run(corpus, tmp_path / "parted", first).train()
    half = state.load(tmp_path / "parted")
    assert half is not None
    assert half[0].step == 1
    _run(corpus, tmp_path / "parted", replace(SMALL, until=81)).train()
    one, other = _weights(whole), _weights(tmp_path / "parted")
    assert one.keys() == other.keys()
    assert all(torch.equal(weight, other[name]) for name, weight in one.items())


def test_a_stopped_run_writes_where_it_is(corpus: Path, tmp_path: Path) -> None:
    run = _run(corpus, tmp_path / "stopped", SMALL)
    run.stop()
    run.train()
    found = state.load(tmp_path / "stopped")
    assert found is not None
    assert found[0].step == 0


def test_the_loss_is_of_rounded_weights_and_the_update_of_whole_ones(tmp_path: Path) -> None:
    model = network.trainable([BEGIN, END])
    weights = {name: weight for name, weight in model.named_parameters() if weight.requires_grad}
    generator = torch.Generator().manual_seed(2)
    name = "bert.encoder.layer.0.intermediate.dense.weight"
    with torch.no_grad():
        weights[name] += torch.randn(weights[name].shape, generator=generator) * 0.01
    before = weights[name].detach().clone()
    base = dict(decoder().named_parameters())[name].detach()
    with Rounding(weights, tmp_path).rounded():
        inside = weights[name].detach().clone()
    assert torch.equal(weights[name], before)
    assert not torch.equal(inside, before)
    scales = Rounding(weights, tmp_path)._scales[name]
    torch.testing.assert_close(inside, base + pack.rounded(before - base, scales), rtol=0, atol=0)


@pytest.fixture(scope="module")
def packed(corpus: Path, whole: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What ships of the run."""
    folder = tmp_path_factory.mktemp("packed")
    (whole / release.SITTINGS).write_text(json.dumps({"seed": 7, "weights": {"made": 1.0}}) + "\n", "utf-8")
    release.write(whole, corpus, {"made": ["I lost card 1."]}, folder, which="weights", control=whole)
    return folder


def test_what_a_run_ends_with_loads_and_its_card_tells_what_it_read(whole: Path, packed: Path) -> None:
    card = load_card(packed)
    assert [(read.name, read.licence, read.share) for read in card.sources] == [("made", "CC0 1.0", 1.0)]
    score = card.scores["made"]
    assert score.shipped < score.base  # three updates on this text alone
    loaded, trained = dict(load_embedded(packed).model.named_parameters()), _weights(whole)
    name = "bert.encoder.layer.2.output.dense.weight"
    base = dict(decoder().named_parameters())[name]
    # A rounded difference is nearer to the trained weight than no difference, by far.
    assert (loaded[name] - trained[name]).norm() < 0.12 * (base - trained[name]).norm()


def test_samples_are_as_many_as_asked_for_and_the_same_again(packed: Path) -> None:
    drawn = release.samples(packed, ["lost card", "PASTSURGICAL"], 2, 1)
    assert {label: len(texts) for label, texts in drawn.items()} == {"lost card": 2, "PASTSURGICAL": 2}
    assert drawn == release.samples(packed, ["lost card", "PASTSURGICAL"], 2, 1)
