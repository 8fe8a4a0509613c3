"""Gates by word lists that a site or campaign can edit: abuse, and how evenly a batch names groups of people.

What lists cannot see is stated at the head of the shipped files, ``toxic.toml`` and ``subgroups.toml``.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Final

from fedaug.errors import ConfigError
from fedaug.privacy.vetting.gate import Batch, GateClass, Verdict, VerdictCode
from fedaug.privacy.vetting.word_lists import Finder, checked_lists, read_lists

_TOXIC: Final = "toxic.toml"
_SUBGROUPS: Final = "subgroups.toml"


class ToxicityGate:
    """Refuses a text in which an entry of a list stands, as whole words.

    Block lists find abuse that is spelt out and miss the rest; refusing by them also takes away texts about, and by,
    those whom abuse is aimed at (Dodge et al. 2021, "Documenting large webtext corpora", section 5). The lists are
    therefore short, and public: a list that only a site knows would make the gate class S.

    Args:
        lists: A TOML file of lists by kind; the shipped one if none is given.
        also: More words or phrases.
        without: Kinds of the file that are not used.

    Raises:
        ConfigError: The file cannot be read or is not such a file, or a kind to leave out is not in it.
    """

    name = "toxicity"
    gate_class = GateClass.FREE
    cost = 20.0

    def __init__(
        self, *, lists: Path | str | None = None, also: Sequence[str] = (), without: Collection[str] = ()
    ) -> None:
        kinds = checked_lists(read_lists(lists, _TOXIC))
        if not set(without) <= set(kinds):
            raise ConfigError("the toxicity gate is to leave out a list that it has not", f"use {', '.join(kinds)}")
        used = {kind: entries for kind, entries in kinds.items() if kind not in without}
        self._finder = Finder({**used, **(checked_lists({"also": tuple(also)}) if also else {})})

    def judge(self, batch: Batch) -> list[Verdict]:
        """One verdict per text, each from that text alone; it does not say which entry was found."""
        return [
            Verdict(self.name, VerdictCode.TOXIC if self._finder.found(text) else VerdictCode.PASSED)
            for text in batch.texts
        ]


class BalanceGate:
    """Refuses texts of a subgroup beyond its share among the texts of a label that name a subgroup.

    For each trait (such as sex) and label, texts that name exactly one group of the trait count for it. Once a label
    has ``least_texts`` of them, a group's texts beyond ``most_share`` of them are refused, the last first: what is left
    has the share. This is demographic parity of mentions by label, the balance that a student would otherwise learn to
    lean on (Zhao et al. 2017, "Men also like shopping", section 3); it is no test of how a group is spoken of. A label
    that is by nature of one group, such as a disease of women, belongs into ``without``.

    Args:
        lists: A TOML file of traits, groups and words; the shipped one if none is given.
        traits: Which of the file's traits are balanced.
        most_share: Most texts of one group, as a share of the texts of a label that name one; above 1/2.
        least_texts: Fewer texts of a label that name a group are not judged: chance would decide.
        without: Labels that are not judged.

    Raises:
        ConfigError: The file cannot be read or is not such a file, or a setting is out of range.
    """

    name = "balance"
    gate_class = GateClass.FREE
    cost = 25.0

    def __init__(
        self,
        *,
        lists: Path | str | None = None,
        traits: Sequence[str] = ("sex",),
        most_share: float = 0.8,
        least_texts: int = 50,
        without: Collection[str] = (),
    ) -> None:
        if not (1 / 2 < most_share <= 1 and least_texts >= 1):
            raise ConfigError(
                "a setting of the balance gate is out of range", "use 1/2 < most_share <= 1 and least_texts >= 1"
            )
        table = read_lists(lists, _SUBGROUPS)
        if not traits or not set(traits) <= set(table):
            raise ConfigError("the balance gate was given a trait that its file has not", f"use {', '.join(table)}")
        self._finders = {trait: Finder(checked_lists(table[trait])) for trait in traits}
        self._most_share, self._least_texts, self._without = most_share, least_texts, frozenset(without)

    def judge(self, batch: Batch) -> list[Verdict]:
        """One verdict per text; it depends on the other texts of its label."""
        refused = {row for finder in self._finders.values() for row in self._excess(batch, finder)}
        return [
            Verdict(self.name, VerdictCode.UNBALANCED if row in refused else VerdictCode.PASSED)
            for row in range(len(batch))
        ]

    def _excess(self, batch: Batch, finder: Finder) -> list[int]:
        naming: defaultdict[str | None, list[tuple[int, str]]] = defaultdict(list)
        for row, (text, label) in enumerate(zip(batch.texts, batch.labels, strict=True)):
            groups = finder.found(text) if label not in self._without else frozenset()
            if len(groups) == 1:
                naming[label].append((row, next(iter(groups))))
        return [row for named in naming.values() for row in self._beyond_share(named)]

    def _beyond_share(self, named: list[tuple[int, str]]) -> list[int]:
        if len(named) < self._least_texts or self._most_share == 1:
            return []
        group, most = Counter(group for _, group in named).most_common(1)[0]  # above 1/2 there is at most one
        allowed = math.floor(self._most_share / (1 - self._most_share) * (len(named) - most) + 1e-9)
        return [row for row, own in named if own == group][allowed:]
