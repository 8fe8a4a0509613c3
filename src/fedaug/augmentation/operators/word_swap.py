"""Word swap: a word gives way to one that public text has seen between the same neighbours."""

from __future__ import annotations

import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from itertools import islice
from pathlib import Path

from fedaug.augmentation.candidates import Candidate, Dependence
from fedaug.augmentation.corpora import Fit, read_corpus
from fedaug.augmentation.datasets import data_folder
from fedaug.augmentation.generators.clinical_grammar import DIALECTS
from fedaug.augmentation.generators.clinical_notes import ClinicalNotes
from fedaug.augmentation.generators.label_phrases import LabelPhrases
from fedaug.augmentation.operators import OperatorKind
from fedaug.augmentation.operators.children import Draft, collect, require_parents

_TOKEN = re.compile(r"[\w'-]+|[^\w\s]")
_KEPT = frozenset(
    [
        "no",
        "not",
        "never",
        "none",
        "nor",
        "without",
        "cannot",
        "can't",
        "won't",
        "don't",
        "doesn't",
        "didn't",
        "isn't",
        "wasn't",
        "denies",
    ]
)
"""Words that turn a sentence's meaning round are neither replaced nor put in."""

_EDGE = ""
_SHARE = 0.15
"""Share of a text's words that change; Wei & Zou 2019, section 3.2, find 0.1 to 0.2 best for small sets."""

_FEWEST_SHARED = 3
_LIKEST = 6
_COMMON = 0.6
"""A word that this share of the parents has is what the label is about, and stays."""

_FEWEST_FOR_COMMON = 4
"""Of fewer parents nothing is known about what they have in common."""

_MOST_TEXTS = 60_000

Neighbours = tuple[str, str]
_SEED_LABELS = (
    "order_card",
    "payment_failed",
    "account_limit",
    "change_address",
    "delivery_not_received",
    "exchange_rate",
)
_SEED_HEADINGS = ("GENHX", "CC", "PASTMEDICALHX", "MEDICATIONS", "ROS", "EXAM", "ASSESSMENT", "PLAN", "FAM/SOCHX")


class Contexts:
    """Which words stand between which neighbours in public text."""

    def __init__(self, texts: Iterable[str]) -> None:
        between: dict[Neighbours, set[str]] = defaultdict(set)
        around: dict[str, set[Neighbours]] = defaultdict(set)
        for text in texts:
            tokens = [_EDGE, *(match.group().casefold() for match in _TOKEN.finditer(text)), _EDGE]
            for left, word, right in zip(tokens, tokens[1:], tokens[2:], strict=False):
                if word[0].isalpha():
                    between[left, right].add(word)
                    around[word].add((left, right))
        self._found: dict[tuple[str, str, str], list[str]] = {}
        self._between: Mapping[Neighbours, Set[str]] = dict(between)
        self._around: Mapping[str, Set[Neighbours]] = dict(around)

    def fillers(self, left: str, word: str, right: str) -> list[str]:
        """The likest words that public text has between these neighbours, the likest first.

        Two words are like each other as far as they share neighbours elsewhere (Jaccard index): without that, "she" or
        "divorced" would stand for "card" because both may follow a full stop.
        """
        asked = (left, word, right)
        if asked not in self._found:
            self._found[asked] = self._search(*asked)
        return self._found[asked]

    def _search(self, left: str, word: str, right: str) -> list[str]:
        found = self._between.get((left, right), frozenset()) - _KEPT - {word}
        own = self._around.get(word, frozenset())
        scored = []
        for other in found:
            theirs = self._around[other]
            shared = len(own & theirs)
            if shared >= _FEWEST_SHARED:
                scored.append((shared / len(own | theirs), other))
        return [other for _, other in sorted(scored, key=lambda pair: (-pair[0], pair[1]))[:_LIKEST]]


class WordSwap:
    """Replaces some words by others that public text has between the same neighbours.

    Random replacement as in EDA (Wei & Zou 2019, section 2), with what a context allows in place of a thesaurus, as in
    contextual augmentation (Kobayashi 2018, section 2.2); counts of neighbours stand for that paper's language model.

    Args:
        corpora: Public corpora to count neighbours in, besides the text that the package writes itself.
        search: Folders of data sets; the user's own data folder if empty.
    """

    name = "word-swap"
    kind = OperatorKind.REFORM
    reads = Dependence.PUBLIC
    across_labels = False

    def __init__(self, corpora: Sequence[str] = (), search: Sequence[Path] = ()) -> None:
        self._contexts = Contexts(_public_texts(corpora, tuple(search) or (data_folder(),)))

    def apply(self, parents: Sequence[Candidate], count: int, seed: int) -> list[Candidate]:
        """At most ``count`` variations, each of one parent."""
        require_parents(parents)
        drafts = self._swaps(parents, random.Random(f"{self.name}/{seed}"))
        return collect(drafts, parents, count, origin=self.name, reads=self.reads)

    def _swaps(self, parents: Sequence[Candidate], rng: random.Random) -> Iterator[Draft | None]:
        kept = _KEPT | _common_words([parent.text for parent in parents])
        while True:
            parent = rng.choice(parents)
            text = self._swap(parent.text, kept, rng)
            yield None if text is None else Draft(text, (parent,), parent.label)

    def _swap(self, text: str, kept: Set[str], rng: random.Random) -> str | None:
        tokens = [(match.group(), match.start(), match.end()) for match in _TOKEN.finditer(text)]
        places = [
            place for place, (word, _, _) in enumerate(tokens) if word[0].isalpha() and word.casefold() not in kept
        ]
        wanted = max(1, round(_SHARE * len(places)))
        changes: dict[int, str] = {}
        for place in rng.sample(places, len(places)):
            if len(changes) == wanted:
                break
            # Two neighbours never change together: each would be judged by a word that is no longer there.
            if place - 1 in changes or place + 1 in changes:
                continue
            left = tokens[place - 1][0].casefold() if place else _EDGE
            right = tokens[place + 1][0].casefold() if place + 1 < len(tokens) else _EDGE
            fillers = self._contexts.fillers(left, tokens[place][0].casefold(), right)
            if fillers:
                changes[place] = _cased_like(rng.choice(fillers), tokens[place][0])
        return _rebuilt(text, tokens, changes) if changes else None


def _common_words(texts: Sequence[str]) -> frozenset[str]:
    if len(texts) < _FEWEST_FOR_COMMON:
        return frozenset()
    counts = Counter(word for text in texts for word in {match.group().casefold() for match in _TOKEN.finditer(text)})
    return frozenset(word for word, count in counts.items() if count >= _COMMON * len(texts))


def _public_texts(corpora: Sequence[str], search: Sequence[Path]) -> Iterator[str]:
    """What the package's own generators write, then the corpora."""
    for candidate in LabelPhrases(per_label=200).generate(_SEED_LABELS, seed=0):
        yield candidate.text
    for dialect in DIALECTS:
        for candidate in ClinicalNotes(dialect=dialect).generate(_SEED_HEADINGS, seed=0):
            yield candidate.text
    for corpus in corpora:
        yield from (text for text, _ in islice(read_corpus(corpus, search, Fit()), _MOST_TEXTS))


def _cased_like(word: str, model: str) -> str:
    if model.isupper() and len(model) > 1:
        return word.upper()
    return word[0].upper() + word[1:] if model[0].isupper() else word


def _rebuilt(text: str, tokens: Sequence[tuple[str, int, int]], changes: Mapping[int, str]) -> str:
    parts: list[str] = []
    place = 0
    for index, (_, start, end) in enumerate(tokens):
        if index in changes:
            parts += [text[place:start], changes[index]]
            place = end
    return "".join([*parts, text[place:]])
