"""Embeddings of public texts, kept on disk, so that a corpus is embedded once per machine.

Only public texts may go in: the cache is a plain file outside any site.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors import numpy as safetensors

from fedaug.augmentation.encoder import Encoder, Progress


class PublicEmbeddingCache:
    """An encoder for public texts that remembers what it has embedded.

    Args:
        encoder: Embeds what is new.
        folder: Holds one file per embedding space; made when missing.
    """

    def __init__(self, encoder: Encoder, folder: Path) -> None:
        self._encoder = encoder
        self._path = folder / f"{encoder.name}.safetensors"
        self._keys: dict[bytes, int] = {}
        self._vectors = np.zeros((0, encoder.dimensions), np.float32)
        self._load()

    @property
    def name(self) -> str:
        """Names the space."""
        return self._encoder.name

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return self._encoder.dimensions

    def embed(self, texts: Sequence[str], progress: Progress | None = None) -> NDArray[np.float32]:
        """Unit row vectors, float32 [len(texts), dimensions]; new texts are embedded and kept."""
        keys = [hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest() for text in texts]
        new = {key: text for key, text in zip(keys, texts, strict=True) if key not in self._keys}
        if new:
            vectors = self._encoder.embed(list(new.values()), progress)
            for offset, key in enumerate(new):
                self._keys[key] = len(self._vectors) + offset
            self._vectors = np.concatenate([self._vectors, vectors])
            self._save()
        return self._vectors[[self._keys[key] for key in keys]] if keys else self._vectors[:0]

    def _load(self) -> None:
        try:
            stored = safetensors.load_file(self._path)
            keys, vectors = stored["keys"], stored["vectors"]
        except (OSError, SafetensorError, KeyError):
            return  # a missing or damaged cache only costs time
        if vectors.shape == (len(keys), self.dimensions) and vectors.dtype == np.float32:
            self._keys = {row.tobytes(): index for index, row in enumerate(keys)}
            self._vectors = vectors

    def _save(self) -> None:
        keys = np.frombuffer(b"".join(self._keys), np.uint8).reshape(-1, 32)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        partial = self._path.with_suffix(f".{os.getpid()}.partial")
        safetensors.save_file({"keys": keys, "vectors": self._vectors}, partial)
        partial.replace(self._path)
