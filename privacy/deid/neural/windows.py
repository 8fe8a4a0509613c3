"""Texts of any length through a network of bounded length, each text's result a function of that text alone.

Rule 2 of the privacy calculus holds to the bit, as for embeddings (docs/adr/0003): the shape of a batch follows from
the length of its rows alone, and rows that are not needed repeat the first.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from fedaug.privacy.deid.neural.network import Network
from fedaug.privacy.deid.neural.pieces import CLS, PAD, SEP, Pieces

#: Pieces of one window; with its two marks 192. Attention to more does not fit a core's cache, and costs three times.
WINDOW: Final = 190
#: Pieces that a window shares with the next; each is read by the one in which it has more context.
OVERLAP: Final = 24
_STEP: Final = 16  # a window's length is rounded up to a multiple of it
#: Rows of a batch, by the most pieces a row holds: a product of fewer than about 256 does not fill the processor.
_ROWS: Final = {32: 8, 64: 4, 128: 2, WINDOW + 2: 1}
_LOCK: Final = threading.Lock()  # the number of threads is the process' own


@dataclass(frozen=True, repr=False)
class Window:
    """A part of one text.

    Attributes:
        text: Which text.
        start: First piece that is read.
        end: One past the last piece that is read.
        keep: First piece whose result is kept.
        keep_end: One past the last piece whose result is kept.
    """

    text: int
    start: int
    end: int
    keep: int
    keep_end: int


def windows_of(text: int, count: int, *, size: int = WINDOW, overlap: int = OVERLAP) -> list[Window]:
    """Windows over a text of so many pieces; every piece is kept exactly once.

    The last window of several begins earlier than it must, where a batch would otherwise be filled up.
    """
    found: list[Window] = []
    start = keep = 0
    while keep < count:
        end = min(start + size, count)
        keep_end = count if end == count else end - overlap // 2
        if found and end == count:
            start = end - (_padded(end - start) - 2)
        found.append(Window(text, start, end, keep, keep_end))
        start, keep = end - overlap, keep_end
    return found


def _padded(pieces: int) -> int:
    """The length of a window of so many pieces, with its two marks."""
    return -(-(pieces + 2) // _STEP) * _STEP


def probabilities(network: Network, texts: Sequence[Pieces], tags: int) -> list[NDArray[np.float32]]:
    """Probabilities of the tags, [pieces, tags] for each text."""
    found = [np.zeros((len(pieces.ids), tags), np.float32) for pieces in texts]
    by_length: dict[int, list[Window]] = defaultdict(list)
    for text, pieces in enumerate(texts):
        for window in windows_of(text, len(pieces.ids)):
            by_length[_padded(window.end - window.start)].append(window)
    with _one_thread():
        for length in sorted(by_length):
            rows = next(rows for most, rows in _ROWS.items() if length <= most)
            for first in range(0, len(by_length[length]), rows):
                batch = by_length[length][first : first + rows]
                filled = batch + [batch[0]] * (rows - len(batch))
                for window, values in zip(batch, _forward(network, texts, filled, length), strict=False):
                    kept = slice(window.keep - window.start + 1, window.keep_end - window.start + 1)
                    found[window.text][window.keep : window.keep_end] = values[kept]
    return found


def _forward(network: Network, texts: Sequence[Pieces], batch: Sequence[Window], length: int) -> NDArray[np.float32]:
    ids = np.full((len(batch), length), PAD, np.int64)
    features = np.zeros((len(batch), length, 2), np.int64)
    mask = np.zeros((len(batch), length), np.bool_)
    for row, window in enumerate(batch):
        pieces, inside, size = texts[window.text], slice(window.start, window.end), window.end - window.start
        ids[row, 0], ids[row, size + 1] = CLS, SEP
        ids[row, 1 : size + 1] = pieces.ids[inside]
        features[row, 1 : size + 1, 0] = pieces.cases[inside]
        features[row, 1 : size + 1, 1] = pieces.gaps[inside]
        mask[row, : size + 2] = True
    with torch.inference_mode():
        logits = network(torch.from_numpy(ids), torch.from_numpy(features), torch.from_numpy(mask))
        values: NDArray[np.float32] = torch.softmax(logits.float(), -1).numpy()
    return values


@contextmanager
def _one_thread() -> Iterator[None]:
    """One thread for torch's operators, and afterwards as many as before.

    How a sum is split over threads decides the order in which it is added up, and so its last bits (oneDNN in fp32 with
    more than two). The lock keeps another thread of this process from setting the number back meanwhile.
    """
    with _LOCK:
        before = torch.get_num_threads()
        if before == 1:  # setting the number empties oneDNN's cache
            yield
            return
        torch.set_num_threads(1)
        try:
            yield
        finally:
            torch.set_num_threads(before)
