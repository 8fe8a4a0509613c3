"""Held-out perplexities, per word piece and as bits per byte (which other tokenisers can be compared by)."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from random import Random

import torch
from tokenizers import Tokenizer
from tools.pretraining import piece as pieces
from tools.pretraining.mixture import Row, batches, encode
from tools.pretraining.network import loss
from transformers import BertLMHeadModel

#: Held-out parts of what is trained on.
HELD_OUT = {
    "medquad": ("medquad",),
    "finance text": ("openstax_finance_business",),
    "complaints": ("cfpb_complaints",),
    "clinc150": ("clinc150_money", "clinc150_other"),
}
_TEXTS = 200
_ROWS_OF = 4096


@dataclass(frozen=True)
class Score:
    """How well texts are predicted, without any prefix.

    Attributes:
        texts: How many.
        tokens: Their word pieces and ends.
        perplexity: Per word piece.
        bits_per_byte: Of the text in UTF-8.
    """

    texts: int
    tokens: int
    perplexity: float
    bits_per_byte: float


def held_out_texts(corpus: Path) -> dict[str, list[str]]:
    """Texts of the held-out parts that ``prepare`` wrote, a fixed draw of each."""
    found = {}
    for name, sources in HELD_OUT.items():
        texts = [piece.text for source in sources for piece in pieces.read(corpus / f"{source}.held_out.jsonl")]
        found[name] = Random(0).sample(texts, min(_TEXTS, len(texts)))
    return found


def measured_texts(data: Path) -> dict[str, list[str]]:
    """Texts of the sets that are measured on and never trained on, a fixed draw of each."""
    return {
        "banking77": _column(data / "banking77" / "train.csv", "text"),
        "mts_dialog sections": _column(data / "mts_dialog" / "train.csv", "section_text"),
    }


def _column(path: Path, name: str) -> list[str]:
    with path.open(encoding="utf-8", newline="") as stream:
        texts = [" ".join(row[name].split()) for row in csv.DictReader(stream)]
    return Random(0).sample(texts, min(_TEXTS, len(texts)))


def score(model: BertLMHeadModel, tokenizer: Tokenizer, texts: Sequence[str]) -> Score:
    """Perplexity of texts; of a long one, of what fits into a row."""
    rows: list[Row] = []
    size = 0
    for text in texts:
        row, kept = _fitting(tokenizer, text)
        if row:
            rows.append(row)
            size += kept
    lost, tokens = 0.0, 0
    with torch.inference_mode():
        for batch in batches(rows, _ROWS_OF):
            lost += float(loss(model, batch, None))
            tokens += int(batch.learnt.sum())
    return Score(len(rows), tokens, math.exp(lost / tokens), lost / math.log(2) / size)


def _fitting(tokenizer: Tokenizer, text: str) -> tuple[Row | None, int]:
    words = text.split()
    while words:
        kept = " ".join(words)
        row = encode(tokenizer, "", kept)
        if row:
            return row, len(kept.encode())
        words = words[: max(len(words) * 3 // 4, len(words) - 20)]
    return None, 0


def table(model: BertLMHeadModel, tokenizer: Tokenizer, sets: dict[str, list[str]]) -> dict[str, Score]:
    """Scores of all sets."""
    return {name: score(model, tokenizer, texts) for name, texts in sets.items()}


def first(texts: Iterable[str], count: int) -> list[str]:
    """So many texts."""
    return list(islice(texts, count))
