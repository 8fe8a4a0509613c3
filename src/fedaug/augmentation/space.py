"""The packaged embedding space by name, known without loading its model."""

from __future__ import annotations

from typing import Final, NamedTuple


class EmbeddingSpace(NamedTuple):
    """A public embedding space; vectors of two different ones cannot be compared.

    Attributes:
        name: Names it.
        dimensions: Length of a vector.
    """

    name: str
    dimensions: int


#: What :class:`~fedaug.augmentation.encoder.MiniLM` maps into.
PACKAGED_SPACE: Final = EmbeddingSpace("all-MiniLM-L6-v2", 384)
