"""Which base model it is that an adaptation starts from, told without loading its weights."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fedaug.augmentation.language.loading import EMBEDDED
from fedaug.augmentation.language.model_folder import checked_config, weight_files
from fedaug.privacy.canonical import canonical_json, digest

if TYPE_CHECKING:  # loads torch, which takes seconds
    from torch import nn

    from fedaug.augmentation.language.model import LanguageModel
    from fedaug.augmentation.lora import AdapterSpec

#: Beside the weights, what decides which tokens a model reads and where its texts end.
_BESIDE: Final = (
    "config.json",
    "generation_config.json",
    "tokenizer.json",
    "tokenizer.model",
    "tokenizer_config.json",
    "vocab.json",
    "vocab.txt",
    "merges.txt",
)

_Stamp = tuple[str, int, int]


def base_name(source: str | Path) -> str:
    """What a base model is called: ``embedded``, or its folder's name."""
    return EMBEDDED if str(source) == EMBEDDED else Path(source).expanduser().resolve().name


def base_digest(source: str | Path) -> str:
    """SHA-256 of a base model, hexadecimal: the same for the same files, on whatever device they are loaded.

    Args:
        source: ``embedded``, or a model's folder.

    Raises:
        InputError: There is no usable model at that place.
        ConfigError: The model brings code of its own.
    """
    if str(source) == EMBEDDED:
        from fedaug.augmentation.embedded.card import load_card  # noqa: PLC0415 - loads torch with its package

        card = load_card()  # loading checks the weights against it
        return digest(canonical_json({"base": card.base_sha256, "weights": card.weights_sha256}))
    folder = Path(source).expanduser()
    return _digest_of(_stamps(folder), folder.resolve())


def trained_numbers(source: str | Path, spec: AdapterSpec) -> int:
    """How many weights adapters of a base model have that are trained; no weight of the base is read from a folder.

    Raises:
        InputError: There is no usable model at that place.
        ConfigError: A target is no layer of it.
    """
    if str(source) == EMBEDDED:
        return _trained_in_embedded(spec)
    folder = Path(source).expanduser()
    return _count(_shape_of(_stamps(folder), folder.resolve()).model, spec)


def most_tokens(source: str | Path) -> int:
    """How many tokens of a prompt and a text together a base model takes.

    Raises:
        InputError: There is no usable model at that place.
    """
    if str(source) == EMBEDDED:
        from fedaug.augmentation.embedded.card import load_card  # noqa: PLC0415 - loads torch with its package

        return load_card().max_tokens
    folder = Path(source).expanduser()
    return _shape_of(_stamps(folder), folder.resolve()).max_tokens


def _stamps(folder: Path) -> tuple[_Stamp, ...]:
    """The files that count, each with its size and time, so that what was worked out is worked out again if one is new.

    Raises:
        InputError: The folder holds no usable model.
    """
    checked_config(folder)
    files = [*weight_files(folder), *(folder / name for name in _BESIDE if (folder / name).is_file())]
    return tuple(sorted((file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in files))


@lru_cache(maxsize=16)
def _digest_of(stamps: tuple[_Stamp, ...], folder: Path) -> str:
    found = {}
    for name, _, _ in stamps:
        with (folder / name).open("rb") as file:
            found[name] = hashlib.file_digest(file, "sha256").hexdigest()
    return digest(canonical_json(found))


@lru_cache(maxsize=4)
def _shape_of(stamps: tuple[_Stamp, ...], folder: Path) -> LanguageModel:
    """A model without its weights."""
    from fedaug.augmentation.language.loading import load_tokenizer_only  # noqa: PLC0415 - loads torch

    del stamps  # what is remembered is remembered of these files
    return load_tokenizer_only(folder)


@lru_cache(maxsize=64)
def _trained_in_embedded(spec: AdapterSpec) -> int:
    from fedaug.augmentation.embedded.base import decoder  # noqa: PLC0415 - loads torch

    return _count(decoder(), spec)


def _count(model: nn.Module, spec: AdapterSpec) -> int:
    from fedaug.augmentation.lora import trained_values  # noqa: PLC0415 - loads torch

    return trained_values(model, spec)
