"""Finds names, places, organisations, dates and other identifiers by their context: the embedded neural recogniser."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from fedaug.errors import ConfigError
from fedaug.privacy.deid.neural.card import SHIPPED, Card, load_card
from fedaug.privacy.deid.neural.decoding import Words, spans_of, words_of
from fedaug.privacy.deid.neural.pieces import Pieces, Reader
from fedaug.privacy.deid.neural.weights import Precision, load_network
from fedaug.privacy.deid.neural.windows import probabilities
from fedaug.privacy.deid.spans import Span

_PIECES_AT_ONCE: Final = 65_536  # texts are gathered up to so many pieces; more fill batches no better


class Tagger:
    """all-MiniLM-L6-v2 with a low-rank adapter and a head over tags, trained by ``tools/train_ner.py``.

    What it finds in a text depends on that text alone, to the bit, on one machine and one version of the libraries.
    It runs on one thread, whatever torch is set to: processes are what the work is spread over.

    Args:
        language: A two-letter code.
        precision: ``bf16``, ``fp32``, or ``auto``: bf16 where the processor multiplies it.
        threshold: The least probability of being an identifier, above 0 and below 1. None: the one that was chosen for
            recall on tuning data; ``card.balanced`` is the one for whole spans.
        folder: Where the adapter and its card lie.

    Raises:
        ConfigError: There is no tagger for the language, or its files are damaged, or the threshold is out of range.
        MissingExtra: The package of the pretrained weights is not installed.
    """

    def __init__(
        self,
        language: str = "en",
        *,
        precision: Precision = "auto",
        threshold: float | None = None,
        folder: Path = SHIPPED,
    ) -> None:
        self.card: Final[Card] = load_card(language, folder)
        self.threshold: Final = self.card.threshold if threshold is None else threshold
        if not 0 < self.threshold < 1:
            raise ConfigError("a tagger's threshold is not between 0 and 1", "give a probability")
        self._network = load_network(self.card, precision=precision, folder=folder)
        self._reader = Reader()

    def tag(self, texts: Sequence[str]) -> list[list[Span]]:
        """What is found in each text, in order of position and without overlaps.

        Args:
            texts: Any Unicode texts of any length; what a text's spans are is no matter of the others.
        """
        said = self.words(texts)
        return [
            spans_of(text, words, self.card.labels, self.threshold) for text, words in zip(texts, said, strict=True)
        ]

    def words(self, texts: Sequence[str]) -> Iterator[Words]:
        """What the network says of every word, text by text."""
        gathered: list[Pieces] = []
        for text in texts:
            gathered.append(self._reader.read(text))
            if sum(len(pieces.ids) for pieces in gathered) >= _PIECES_AT_ONCE:
                yield from self._run(gathered)
                gathered = []
        yield from self._run(gathered)

    def probabilities(self, text: str) -> Words:
        """What the network says of every word of one text; for tools that choose thresholds."""
        return next(self.words([text]))

    def _run(self, texts: list[Pieces]) -> Iterator[Words]:
        for pieces, tags in zip(texts, probabilities(self._network, texts, self.card.tags), strict=True):
            yield words_of(pieces, tags)
