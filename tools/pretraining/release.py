"""Makes what ships of a run: weights, the measured card, and unedited samples."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from tools.pretraining import measure, pack, state
from tools.pretraining.prepare import RECORD
from tools.pretraining.rounding import SCALES
from torch import Tensor
from transformers import BertLMHeadModel

from fedaug.augmentation.embedded.base import decoder
from fedaug.augmentation.embedded.card import Card, Read, Score
from fedaug.augmentation.embedded.loading import load_embedded, word_pieces
from fedaug.augmentation.generators.language_model import label_prompt
from fedaug.augmentation.language.sampling import LocalSampler, Prompt
from fedaug.augmentation.language.settings import SamplingSettings

SITTINGS = "sittings.jsonl"
Texts = Mapping[str, list[str]]


def trained(folder: Path, which: str) -> dict[str, Tensor]:
    """A run's weights, or their running mean.

    Raises:
        FileNotFoundError: It has no checkpoint.
    """
    found = state.load(folder)
    if found is None:
        raise FileNotFoundError(f"there is no checkpoint in {folder}")
    return found[1][which]


def put(model: BertLMHeadModel, weights: Mapping[str, Tensor]) -> BertLMHeadModel:
    """A model with these weights."""
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if name in weights:
                weight.copy_(weights[name])
    return model


def write(run: Path, corpus: Path, texts: Texts, out: Path, *, which: str, control: Path | None) -> Card:
    """Write the difference and its card.

    Args:
        run: Folder of the run.
        corpus: What ``prepare`` wrote.
        texts: To measure on, by name.
        out: Folder of what ships.
        which: "weights" or "mean".
        control: Folder of the run from random weights.
    """
    found = state.load(run)
    if found is None:
        raise FileNotFoundError(f"there is no checkpoint in {run}")
    progress, parts = found
    scales = load_file(run / SCALES) if (run / SCALES).exists() and which == "weights" else None
    sittings = [json.loads(line) for line in (run / SITTINGS).read_text("utf-8").splitlines()]
    card = Card(
        base_sha256=pack.base_hash(),
        weights_sha256=pack.write_weights(parts[which], out, scales),
        seed=sittings[-1]["seed"],
        steps=progress.step,
        tokens=progress.tokens,
        max_tokens=pack.MAX_TOKENS,
        sources=tuple(_sources(corpus, sittings[-1]["weights"])),
        scores={},
    )
    pack.write_card(card, out)  # what is measured is what is loaded
    scores = measure.table(_loaded(out), word_pieces(), texts)
    before = measure.table(decoder(), word_pieces(), texts)
    scratch = measure.table(put(decoder(), trained(control, "mean")), word_pieces(), texts) if control else {}
    taught = state.load(control) if control else None
    card = card.model_copy(
        update={
            "scores": {
                name: Score(
                    texts=score.texts,
                    tokens=score.tokens,
                    shipped=round(score.perplexity, 2),
                    base=round(before[name].perplexity, 1),
                    scratch=round(scratch[name].perplexity, 2) if name in scratch else None,
                    bits_per_byte=round(score.bits_per_byte, 4),
                )
                for name, score in scores.items()
            },
            "scratch_tokens": taught[0].tokens if taught else 0,
        }
    )
    pack.write_card(card, out)
    return card


def _loaded(folder: Path) -> BertLMHeadModel:
    model = load_embedded(folder).model
    assert isinstance(model, BertLMHeadModel)
    return model


def _sources(corpus: Path, weights: Mapping[str, float]) -> list[Read]:
    record: dict[str, Any] = json.loads((corpus / RECORD).read_bytes())
    total = sum(weights.values())
    return [
        Read(
            name=each["name"],
            licence=each["licence"],
            pieces=each["kept"],
            words=each["words"],
            overlapping=each["overlapping"],
            share=round(weights[each["name"]] / total, 4),
        )
        for each in record["sources"]
        if each["name"] in weights
    ]


def samples(folder: Path, labels: Sequence[str], count: int, seed: int) -> dict[str, list[str]]:
    """Unedited texts of labels, as they are drawn: none is chosen, none left out."""
    model = load_embedded(folder)
    prompts = [Prompt(f"{label}/{number}", label_prompt(model, label)) for label in labels for number in range(count)]
    drawn = LocalSampler(model).sample(prompts, SamplingSettings(), seed)
    texts = {sample.key: sample.text for sample in drawn}
    return {label: [texts[f"{label}/{number}"] for number in range(count)] for label in labels}
