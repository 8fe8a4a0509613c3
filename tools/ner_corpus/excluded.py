"""The names that the evaluation notes keep to themselves, so that no model is measured on names it was trained on."""

from __future__ import annotations

import importlib
from functools import lru_cache

from tools.ner_corpus.listed import listed

# Names that are everyday words too: excluding them would teach nothing and thin the grammar.
_COMMON_WORDS = frozenset(listed("excluded")["common_words"])


@lru_cache(maxsize=1)
def excluded_names() -> frozenset[str]:
    """Case-folded tokens of the evaluation's names, everyday words left out."""
    notes = importlib.import_module("benchmarks.deid.notes")  # late: only a stream needs them
    tokens = {token for name in notes.names(fresh=True) for token in str(name).casefold().replace("-", " ").split()}
    return frozenset(token for token in tokens if len(token) > 1) - _COMMON_WORDS
