"""Canaries for de-identification: made-up identifiers in records, and whether any of them leaves.

Of two identifiers of one kind a coin chooses which is put in; the other is its control. Neither belongs to anybody.
What leaves is searched for both: a control that turns up is chance, or a generator that makes identifiers up.

**Power.** No more than 100 records are put in, since DP does not cover what de-identification misses in many records.
If none of n identifiers leaves, the chance that one does is below 1 - 0.05^(1/n) at 95 %: 11 % for 25 identifiers, 6 %
for 50, 3 % for 100. It is a test of the whole way, not a measure of recall: for that see
:mod:`fedaug.privacy.deid.scoring`.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from fedaug.errors import ConfigError
from fedaug.privacy.audit.canaries import PREFIXES, PlantedRecord
from fedaug.privacy.audit.findings import Finding, Population
from fedaug.privacy.audit.intervals import Rate
from fedaug.privacy.deid.scoring.canary_phrases import CARRIERS
from fedaug.privacy.deid.scoring.canary_values import Values
from fedaug.privacy.noise import NoiseSource
from fedaug.privacy.vetting.words import words

#: Records put in, in all.
MOST_RECORDS: Final = 100
#: Records of each identifier: most come once, and some often, which a generator learns by heart.
REPEATS: Final = (1,) * 20 + (10,) * 4 + (40,)
#: Kinds of which a made-up value turns up by chance less than once in a million texts.
KINDS: Final = (
    "PERSON",
    "US_SSN",
    "PHONE_NUMBER",
    "EMAIL_ADDRESS",
    "ADDRESS",
    "MEDICAL_RECORD_NUMBER",
    "CREDIT_CARD",
    "IBAN_CODE",
    "ACCOUNT_NUMBER",
    "HEALTH_PLAN_NUMBER",
)
_SHORTEST: Final = 7  # letters and digits of a value; shorter ones are part of other words
_FULL_NAME: Final = re.compile(r"[A-Za-z]{3,} [A-Za-z]{3,}")


@dataclass(frozen=True, repr=False)
class IdentifierCanary:
    """Two made-up identifiers of one kind.

    Attributes:
        entity_type: Of both.
        values: Either could have been put in.
        repeats: Records that hold it.
    """

    entity_type: str
    values: tuple[str, str]
    repeats: int


@dataclass(frozen=True)
class IdentifiersFinding(Finding):
    """How many identifiers left.

    Attributes:
        planted: Those put in of which at least one text that left holds all.
        controls: The same for their controls.
        records: That were put in.
        types: Kind -> identifiers of it that left.
    """

    planted: Rate
    controls: Rate
    records: int
    types: dict[str, int]

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {
            **super().as_dict(),
            "records": self.records,
            "planted": self.planted.trials,
            "left": self.planted.successes,
            "interval": list(self.planted.interval()),
            "controls_left": self.controls.successes,
            "types": dict(sorted(self.types.items())),
        }


@dataclass(frozen=True, repr=False, eq=False)
class IdentifierCanaries:
    """Identifiers, and the coins that chose which of two was put in. Only the auditor holds this.

    Attributes:
        canaries: The pairs, [m].
        second: Whether the second of the pair was put in, [m].
        prefixes: How the records begin.
        labels: Classes that the records are said to be of, in turn.
    """

    canaries: tuple[IdentifierCanary, ...]
    second: NDArray[np.bool_]
    prefixes: tuple[str, ...]
    labels: tuple[str | None, ...]

    def records(self, subject_prefix: str = "s") -> list[PlantedRecord]:
        """What is put in; all records of one identifier are one subject's."""
        found: list[PlantedRecord] = []
        for row, (canary, second) in enumerate(zip(self.canaries, self.second, strict=True)):
            for copy in range(canary.repeats):
                carriers, number = CARRIERS["en"][canary.entity_type], row + copy
                sentence = carriers[number % len(carriers)].replace("{}", canary.values[int(second)])
                text = f"{self.prefixes[number % len(self.prefixes)]} it. {sentence}"
                found.append(PlantedRecord(f"{subject_prefix}{row}", text, self.labels[number % len(self.labels)]))
        return found

    def search(self, texts: Iterable[str]) -> IdentifiersFinding:
        """Look for every identifier, put in or not, in the texts that left.

        Case, blanks and punctuation count for nothing: "SSN 123 45 6789" holds "123-45-6789".
        """
        needles = [tuple(_compact(value) for value in canary.values) for canary in self.canaries]
        seen = np.zeros((len(needles), 2), np.bool_)
        for text in texts:
            hay = _compact(text)
            for row, pair in enumerate(needles):
                seen[row] |= [needle in hay for needle in pair]
        rows = np.arange(len(needles))
        put_in, other = seen[rows, self.second.astype(int)], seen[rows, (~self.second).astype(int)]
        types: dict[str, int] = {}
        for canary, left in zip(self.canaries, put_in, strict=True):
            types[canary.entity_type] = types.get(canary.entity_type, 0) + int(left)
        return IdentifiersFinding(
            "planted-identifiers",
            (Population.PLANTED, Population.PLANTED),
            Rate(int(put_in.sum()), len(rows)),
            Rate(int(other.sum()), len(rows)),
            sum(canary.repeats for canary in self.canaries),
            types,
        )


def identifier_canaries(
    seed: int,
    coins: NoiseSource,
    *,
    repeats: Sequence[int] = REPEATS,
    kinds: Sequence[str] = KINDS,
    prefixes: Sequence[str] = PREFIXES,
    labels: Sequence[str | None] = (None,),
) -> IdentifierCanaries:
    """Make up identifiers, and let coins choose.

    Args:
        seed: The values depend on it alone; which of two is put in does not.
        coins: The source of the coins; only tests give a seeded one.
        repeats: Records of each identifier, 100 together at most.
        kinds: Of the identifiers, in turn.
        prefixes: How records of the campaign begin.
        labels: Classes that the records are said to be of, in turn.

    Raises:
        ConfigError: There are more records than 100, none, or a kind of which there are no canaries.
    """
    if not (repeats and kinds and prefixes and labels) or min(repeats) < 1 or sum(repeats) > MOST_RECORDS:
        raise ConfigError("identifier canaries are missing or too many", f"ask for 1 to {MOST_RECORDS} records in all")
    if unknown := set(kinds) - set(CARRIERS["en"]):
        raise ConfigError(f"there are no canaries of {len(unknown)} kinds", "choose among those of the vocabulary")
    # A seed of its own for each kind: values drawn side by side from one seed hold the same digits.
    values = {kind: Values("en", _random(seed, kind).getrandbits(64)) for kind in kinds}
    order = list(repeats)
    _random(seed, "order").shuffle(order)
    pairs = [
        IdentifierCanary(kind, (_value(values[kind], kind), _value(values[kind], kind)), times)
        for times, kind in ((times, kinds[row % len(kinds)]) for row, times in enumerate(order))
    ]
    return IdentifierCanaries(tuple(pairs), coins.bernoulli((len(pairs),), 0.5), tuple(prefixes), tuple(labels))


def _random(seed: int, use: str) -> random.Random:
    return random.Random(f"{seed}/{use}")  # noqa: S311 - made-up values and no secret


def _value(values: Values, kind: str) -> str:
    """A value that does not turn up by chance: a full name, or enough letters and digits."""
    while True:
        value = values.value(kind)
        if len(_compact(value)) >= _SHORTEST and (kind != "PERSON" or _FULL_NAME.fullmatch(value)):
            return value


def _compact(text: str) -> str:
    return "".join(words(text))
