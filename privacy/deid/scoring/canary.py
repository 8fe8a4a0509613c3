"""Plants made-up identifiers in a site's own texts and counts which survive de-identification. Keeps no text.

What a person labels shows what is missed of a sample. Canaries need nobody to label, and stand among the site's own
words; they show what is missed of *these* identifiers in *these* sentences, which is not all there is: use both.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from fedaug.errors import EmptySource, QuarantinedRecord
from fedaug.privacy.deid.policies import DeidPolicy
from fedaug.privacy.deid.scoring.canary_phrases import CARRIERS
from fedaug.privacy.deid.scoring.canary_values import Values
from fedaug.privacy.deid.scoring.find import Finder, find_all
from fedaug.privacy.deid.spans import Span
from fedaug.privacy.wilson import Interval, wilson

#: After the end of a sentence or of a line.
_BOUNDARY: Final = re.compile(r"(?<=[.!?])\s+|\n+")
_PER_TEXT: Final = 4  # more would make the text theirs


class Deidentifies(Finder, Protocol):
    """Finds, and replaces."""

    def deidentify_many(self, texts: Iterable[str]) -> Iterator[Any]:
        """One outcome per text: with ``text``, or why it was set aside."""
        ...


@dataclass(frozen=True, repr=False)
class Planted:
    """A text with identifiers in it that were not there before. Its repr holds neither.

    Attributes:
        text: The text.
        canaries: Where they are.
    """

    text: str
    canaries: tuple[Span, ...]


@dataclass
class Survivors:
    """What became of the canaries of one type.

    Attributes:
        planted: How many there were, in texts that were not set aside.
        missed: Those of which some letter or digit was not found.
        survived: Those that stand whole in the text after de-identification.
    """

    planted: int = 0
    missed: int = 0
    survived: int = 0

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "planted": self.planted,
            "missed": self.missed,
            "missed_share": self.missed / self.planted if self.planted else None,
            "missed_interval": self.interval,
            "survived": self.survived,
        }

    @property
    def interval(self) -> Interval | None:
        """95 % Wilson interval of the share missed."""
        return wilson(self.missed / self.planted, self.planted) if self.planted else None


@dataclass
class CanaryReport:
    """Counts, by type.

    Attributes:
        types: What became of each type's canaries.
        kept: Types that the policy keeps or does not look for; they are in no sum.
        texts: Texts that canaries were planted in.
        set_aside: Of them those that could not be de-identified; their canaries are in no count.
    """

    types: dict[str, Survivors] = field(default_factory=dict)
    kept: tuple[str, ...] = ()
    texts: int = 0
    set_aside: int = 0

    @property
    def overall(self) -> Survivors:
        """Over all types that the policy takes out."""
        counted = [survivors for kind, survivors in self.types.items() if kind not in self.kept]
        return Survivors(*(sum(getattr(one, name) for one in counted) for name in ("planted", "missed", "survived")))

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "overall": self.overall.as_json(),
            "types": {
                kind: {**survivors.as_json(), "kept_by_policy": kind in self.kept}
                for kind, survivors in sorted(self.types.items())
            },
            "texts": self.texts,
            "set_aside": self.set_aside,
        }


def sample(texts: Iterable[str], count: int, seed: int) -> list[str]:
    """So many texts by chance, in memory for no more of them (Vitter 1985, algorithm R); blank ones are passed over.

    Raises:
        EmptySource: There is none.
    """
    draw = random.Random(seed)  # noqa: S311 - which texts are looked at is no secret
    kept: list[str] = []
    for seen, text in enumerate(text for text in texts if text.strip()):
        if seen < count:
            kept.append(text)
        elif (place := draw.randrange(seen + 1)) < count:
            kept[place] = text
    if not kept:
        raise EmptySource("the source holds no text", "check the file")
    return kept


def plant(texts: Sequence[str], *, count: int, seed: int, language: str = "en") -> Iterator[Planted]:
    """Texts with canaries at random ends of sentences, a few in each, until there are ``count`` of every type.

    Args:
        texts: The site's; used again from the start if there are too few.
        count: Canaries of each type.
        seed: Values, sentences and places depend on it alone.
        language: Of the sentences and values.
    """
    values, draw = Values(language, seed), random.Random(seed)  # noqa: S311 - as above
    wanted = [kind for kind in values.types for _ in range(count)]
    draw.shuffle(wanted)
    for number, start in enumerate(range(0, len(wanted), _PER_TEXT)):
        yield _planted(texts[number % len(texts)], wanted[start : start + _PER_TEXT], values, draw, language)


def measure(
    worker: Deidentifies,
    planted: Sequence[Planted],
    policy: DeidPolicy,
    progress: Callable[[int], None] = lambda _: None,
) -> CanaryReport:
    """De-identify planted texts and count what is left of the canaries.

    Args:
        worker: Finds and replaces, by the policy.
        planted: The texts.
        policy: Says which types are to be taken out at all.
        progress: Told how many texts are done.
    """
    texts = [one.text for one in planted]
    found, outcomes = find_all(worker, texts), worker.deidentify_many(texts)
    report, kept = CanaryReport(texts=len(texts)), set()
    for done, (one, spans, outcome) in enumerate(zip(planted, found, outcomes, strict=True), start=1):
        progress(done)
        if isinstance(spans, QuarantinedRecord) or isinstance(outcome, QuarantinedRecord):
            report.set_aside += 1
            continue
        covered = {place for span in spans for place in range(span.start, span.end)}
        left = Counter(_plain(outcome.text).split())
        for canary in one.canaries:
            survivors = report.types.setdefault(canary.entity_type, Survivors())
            survivors.planted += 1
            letters = [place for place in range(canary.start, canary.end) if one.text[place].isalnum()]
            survivors.missed += any(place not in covered for place in letters)
            survivors.survived += _stands(one.text[canary.start : canary.end], outcome.text, left)
            if not policy.takes_out(canary.entity_type):
                kept.add(canary.entity_type)
    report.kept = tuple(sorted(kept))
    return report


def _planted(text: str, kinds: Sequence[str], values: Values, draw: random.Random, language: str) -> Planted:
    places = sorted({0, len(text), *(match.end() for match in _BOUNDARY.finditer(text))})
    parts: list[str] = []
    canaries: list[Span] = []
    size = position = 0
    for place, kind in sorted((draw.choice(places), kind) for kind in kinds):
        before, after = draw.choice(CARRIERS[language][kind]).split("{}")
        value = values.value(kind)
        # On a line of its own or among the words, as the place is.
        gap = "" if place == 0 or text[place - 1].isspace() else " "
        parts += [text[position:place], gap, before, value, after, " "]
        start = size + (place - position) + len(gap) + len(before)
        canaries.append(Span(start, start + len(value), kind, 1.0))
        size, position = size + sum(map(len, parts[-6:])), place
    return Planted("".join([*parts, text[position:]]), tuple(canaries))


def _stands(value: str, text: str, words: Counter[str]) -> bool:
    """Whether a value stands whole in a text; a short one only as a word, since it may be part of others."""
    plain = _plain(value)
    if " " in plain:
        return f" {plain} " in f" {_plain(text)} "
    return words[plain] > 0


def _plain(text: str) -> str:
    """Letters and digits in lower case, one blank between the words."""
    return " ".join(re.findall(r"[^\W_]+", text.casefold()))
