"""Encoders that remember: in memory, and on disk for texts that are public.

Only public texts and DP output may go to disk: the cache is a plain file outside any site.
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


class EmbeddingMemory:
    """An encoder that remembers, for as long as it lives, what it has embedded.

    Args:
        encoder: Embeds what is new.
    """

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._keys: dict[bytes, int] = {}
        self._vectors = np.zeros((0, encoder.dimensions), np.float32)

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
            self._grown()
        return self._vectors[[self._keys[key] for key in keys]] if keys else self._vectors[:0]

    def _grown(self) -> None:
        """Called when something new was remembered."""


class PublicEmbeddingCache(EmbeddingMemory):
    """An encoder for public texts and DP output that remembers on disk, so that a corpus is embedded once per machine.

    Args:
        encoder: Embeds what is new.
        folder: Holds one file per embedding space; made when missing.
    """

    def __init__(self, encoder: Encoder, folder: Path) -> None:
        super().__init__(encoder)
        self._path = folder / f"{encoder.name}.safetensors"
        self._load()

    def _load(self) -> None:
        try:
            stored = safetensors.load_file(self._path)
            keys, vectors = stored["keys"], stored["vectors"]
        except (OSError, SafetensorError, KeyError):
            return  # a missing or damaged cache only costs time
        if vectors.shape == (len(keys), self.dimensions) and vectors.dtype == np.float32:
            self._keys = {row.tobytes(): index for index, row in enumerate(keys)}
            self._vectors = vectors

    def _grown(self) -> None:
        keys = np.frombuffer(b"".join(self._keys), np.uint8).reshape(-1, 32)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        partial = self._path.with_suffix(f".{os.getpid()}.partial")
        safetensors.save_file({"keys": keys, "vectors": self._vectors}, partial)
        partial.replace(self._path)
