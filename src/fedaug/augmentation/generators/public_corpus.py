"""Candidates from public corpora, taken as they are."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from fedaug.augmentation.candidates import Candidate
from fedaug.augmentation.corpora import Fit, PublicText, read_corpus
from fedaug.augmentation.datasets import data_folder
from fedaug.augmentation.generators.label_words import label_key


class PublicCorpus:
    """Texts of named public corpora, shuffled; a corpus larger than ``most_per_corpus`` is sampled evenly.

    Args:
        corpora: Names that ``read_corpus`` knows, or files.
        search: Folders of data sets; the user's own data folder if empty.
        most_per_corpus: Most texts of one corpus; bounds the memory.
        min_words: Fewest words of a text.
        max_characters: Most characters of a text.
    """

    name = "public-corpus"

    def __init__(
        self,
        corpora: Sequence[str],
        search: Sequence[Path] = (),
        *,
        most_per_corpus: int = 30_000,
        min_words: int = 3,
        max_characters: int = 700,
    ) -> None:
        self.corpora = tuple(corpora)
        self._search = tuple(search) or (data_folder(),)
        self._most = most_per_corpus
        self._fit = Fit(min_words, max_characters)

    def generate(self, labels: Sequence[str], seed: int) -> Iterator[Candidate]:
        """The corpora's texts; labelled only where a corpus's own label names the same class as one of ``labels``."""
        known = {label_key(label): label for label in labels}
        seen: set[str] = set()
        for corpus in self.corpora:
            rng = random.Random(f"{seed}/{corpus}")
            for text, source_label in _sample(read_corpus(corpus, self._search, self._fit), self._most, rng):
                if text not in seen:
                    seen.add(text)
                    # A file is named without its folder: where it lies on this machine is nobody's business.
                    yield Candidate(text, self.name, Path(corpus).name, known.get(label_key(source_label or "")))


def _sample(texts: Iterable[PublicText], most: int, rng: random.Random) -> list[PublicText]:
    """An even sample of a stream of unknown length (Vitter 1985, algorithm R), in shuffled order."""
    kept: list[PublicText] = []
    for number, text in enumerate(texts):
        if number < most:
            kept.append(text)
        elif (place := rng.randrange(number + 1)) < most:
            kept[place] = text
    rng.shuffle(kept)
    return kept
