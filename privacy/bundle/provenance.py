"""What made a bundle, by hashes: the installed program and the pretrained weights."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import fedaug
from fedaug.privacy.bundle.manifest import CodeFact, ModelFact
from fedaug.privacy.canonical import canonical_json, digest

_PACKAGE: Final = Path(fedaug.__file__).parent
_WEIGHTS: Final = frozenset({".safetensors", ".bin", ".onnx"})
_TOKENS: Final = frozenset({"config.json", "tokenizer.json"})


def code_fact() -> CodeFact:
    """The program that is running: every file of the installed package, whatever it was installed from."""
    hashes = {path.relative_to(_PACKAGE).as_posix(): _sha256(path) for path in _files(_PACKAGE)}
    return CodeFact(
        package="fedaug", version=fedaug.__version__, files=len(hashes), sha256=digest(canonical_json(hashes))
    )


def model_facts(name: str, folder: Path) -> list[ModelFact]:
    """The weights in a folder, and what turns text into their input."""
    return [
        ModelFact(name=name, file=path.relative_to(folder).as_posix(), sha256=_sha256(path))
        for path in _files(folder)
        if path.suffix in _WEIGHTS or path.name in _TOKENS
    ]


def shipped_models() -> list[ModelFact]:
    """The weights that come with the package: the recognisers of identifiers, and the language model."""
    return model_facts("fedaug", _PACKAGE)


def _files(folder: Path) -> Iterator[Path]:
    """Every file below, links followed: an editable install has the package's rooms as links."""
    for path in sorted(folder.iterdir()):
        if path.name == "__pycache__" or path.suffix == ".pyc":
            continue
        if path.is_dir():
            yield from _files(path)
        elif path.is_file():
            yield path


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
