"""The names that the evaluation notes keep to themselves: a model that was trained on them would be measured on them."""

from __future__ import annotations

import importlib
from functools import lru_cache

# Names that are everyday words too: excluding them would teach nothing and thin the grammar.
_COMMON_WORDS = frozenset(
    "de la van von der den da di del al el bin ibn st mc the of may will mark grace rose hope faith art june april jr "
    "august summer dawn king bell cross young long little white black brown green".split()
)


@lru_cache(maxsize=1)
def excluded_names() -> frozenset[str]:
    """Case-folded tokens of the evaluation's names; none where its module is not there yet."""
    try:
        notes = importlib.import_module("benchmarks.deid.notes")
    except ModuleNotFoundError:
        return frozenset()
    tokens = {token for name in notes.names() for token in str(name).casefold().replace("-", " ").split()}
    return frozenset(token for token in tokens if len(token) > 1) - _COMMON_WORDS
