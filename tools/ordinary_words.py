"""Writes the list of ordinary English words that names are told apart by.

    python -m tools.ordinary_words privacy/deid/rules/words/en.txt

A word is ordinary when it stands in lower case often enough, in absolute number and as a share of where it stands at
all, in ``openstax_*``, ``standardebooks`` and ``medquad`` under ``$FEDAUG_DATA``. Counts of words carry no text.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

SOURCES = ("lm_text/openstax_*.jsonl.gz", "lm_text/standardebooks.jsonl.gz", "medquad/medquad_answers.jsonl")
LEAST_COUNT = 30
#: Of all times that a word stands, those in lower case. Names that are words as well ("mark", "rose") stay above it.
LEAST_SHARE = 0.15
_WORD = re.compile(r"(?<![\w'’-])[A-Za-zéèêëïíóöüñç]{2,24}(?![\w-])")


def texts(folder: Path) -> Iterator[str]:
    """Every document of the sources."""
    for pattern in SOURCES:
        for path in sorted(folder.glob(pattern)):
            with (
                gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as file
            ):
                for line in file:
                    record = json.loads(line)
                    yield " ".join(value for value in record.values() if isinstance(value, str))


def ordinary_words(documents: Iterator[str]) -> list[str]:
    """Words in alphabetical order."""
    lower: Counter[str] = Counter()
    every: Counter[str] = Counter()
    for text in documents:
        for word in _WORD.findall(text):
            folded = word.lower()
            every[folded] += 1
            lower[folded] += word == folded
    return sorted(word for word, count in lower.items() if count >= LEAST_COUNT and count >= LEAST_SHARE * every[word])


if __name__ == "__main__":
    words = ordinary_words(texts(Path(os.environ["FEDAUG_DATA"])))
    Path(sys.argv[1]).write_text("\n".join(words) + "\n", encoding="utf-8")
