"""Long texts in overlapping pieces, so that the work on one recogniser's plate stays bounded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

CHUNK_CHARS: Final = 20_000  # some ten pages; a recogniser's time limit is for one chunk
OVERLAP_CHARS: Final = 1_000  # longer than any identifier, so that each lies whole in one chunk at least
_SPACE: Final = re.compile(r"\s")


def chunked(text: str) -> Iterator[tuple[int, str]]:
    """Pieces of a text, each with where it starts.

    A piece starts after white space where there is some, so that no word is cut in two and read as another.
    """
    start = 0
    while len(text) - start > CHUNK_CHARS:
        yield start, text[start : start + CHUNK_CHARS]
        next_start = start + CHUNK_CHARS - OVERLAP_CHARS
        space = _SPACE.search(text, next_start, next_start + OVERLAP_CHARS // 2)
        start = space.end() if space else next_start
    yield start, text[start:]
