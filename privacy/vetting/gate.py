"""What a vetting gate is, what it may say, and how gates are set one behind the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from fedaug.errors import ConfigError, DefectError, PolicyRefused


class GateClass(StrEnum):
    """What a gate reads, and so whether it may decide what leaves."""

    FREE = "F"  # public data or DP output only: may decide
    CHARGED = "D"  # private records through a DP mechanism: may decide, and is charged to the ledger
    SITE_ONLY = "S"  # private records exactly: may not, unless the site's policy says so


class VerdictCode(StrEnum):
    """All that a gate can say about a text; closed, so that no text can put words into a verdict."""

    PASSED = "passed"
    TOO_SHORT = "too-short"
    TOO_LONG = "too-long"
    REPETITIVE = "repetitive"
    DUPLICATE = "duplicate"
    NEAR_DUPLICATE = "near-duplicate"
    IDENTIFIER = "identifier"
    NOT_CHECKED = "not-checked"  # the check itself failed; counts as a refusal
    LANGUAGE = "language"
    NOT_FLUENT = "not-fluent"
    LABEL_MISMATCH = "label-mismatch"
    UNINFORMATIVE = "uninformative"  # the text says too little about its label
    CONTAMINATED = "contaminated"  # near an item of a named evaluation file
    COLLAPSED = "collapsed"  # the whole batch has lost diversity
    TOXIC = "toxic"
    UNBALANCED = "unbalanced"  # one subgroup is named too often in the batch
    INJECTION = "injection"  # instructions to whoever reads the text
    TRIGGER = "trigger"  # a rare string that many texts share
    OVER_QUOTA = "over-quota"  # its site sent more texts of the label than count
    SET_ASIDE = "set-aside"  # its site was set aside for an anomaly
    UNSUPPORTED = "unsupported"  # class D: too few units are near
    VERBATIM_COPY = "verbatim-copy"  # class S, as are those below: they never leave the site
    TOO_CLOSE = "too-close"
    PLANTED = "planted"
    SURROGATE_USED = "surrogate-used"


#: Codes that only gates of class S give. None of them may be in anything that leaves the site.
SITE_ONLY_CODES: Final = frozenset(
    {VerdictCode.VERBATIM_COPY, VerdictCode.TOO_CLOSE, VerdictCode.PLANTED, VerdictCode.SURROGATE_USED}
)


@dataclass(frozen=True)
class Verdict:
    """One gate's word on one text.

    Attributes:
        gate: The gate's name.
        code: What it found.
        score: The figure that decided, in the gate's own unit; None where there is none.
        item: Which item of a public evaluation file the text is near, such as ``banking77/test:17``. Never a record.
    """

    gate: str
    code: VerdictCode
    score: float | None = None
    item: str | None = None

    @property
    def passed(self) -> bool:
        """Whether the text may go on."""
        return self.code is VerdictCode.PASSED


@dataclass(frozen=True, repr=False)
class Batch:
    """Candidates that are judged together.

    Attributes:
        texts: What they say.
        labels: Of each the class that it is said to be of, or None; if not given, None of each.
        vectors: Their embeddings in the campaign's public space, [texts, dimensions], of unit length; None where no
            gate needs any.

    Raises:
        DefectError: Labels or vectors are not one for each text.
    """

    texts: tuple[str, ...]
    labels: tuple[str | None, ...] = ()
    vectors: NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        if not self.labels:
            object.__setattr__(self, "labels", (None,) * len(self.texts))
        if len(self.labels) != len(self.texts) or (self.vectors is not None and len(self.vectors) != len(self.texts)):
            raise DefectError("a batch has not one label and one vector for each text", "report this with the campaign")

    def __len__(self) -> int:
        return len(self.texts)

    def take(self, rows: Sequence[int]) -> Batch:
        """Those at the positions given, in that order."""
        return Batch(
            tuple(self.texts[row] for row in rows),
            tuple(self.labels[row] for row in rows),
            None if self.vectors is None else self.vectors[list(rows)],
        )


@runtime_checkable
class Gate(Protocol):
    """Judges texts. A gate keeps nothing between two calls and never changes a text.

    Attributes:
        name: Letters, digits and hyphens; what the report counts refusals under.
        gate_class: What the gate reads.
        cost: Rough processor time per text in microseconds; cheap gates run first.
    """

    @property
    def name(self) -> str: ...  # noqa: D102  # see the class

    @property
    def gate_class(self) -> GateClass: ...  # noqa: D102  # see the class

    @property
    def cost(self) -> float: ...  # noqa: D102  # see the class

    def judge(self, batch: Batch) -> list[Verdict]:
        """One verdict per text, in order. A verdict may depend on the other texts, as in finding duplicates."""
        ...


@dataclass(frozen=True)
class VettingResult:
    """What became of the texts that were offered. Holds positions and verdicts, no text.

    Attributes:
        offered: How many texts there were.
        kept: Positions of the texts that passed every gate, rising.
        refused: Position of each other text -> the verdict of the gate that refused it.
        refused_by: Gate -> texts it refused; every gate that ran is in it, in the order in which they ran.
    """

    offered: int
    kept: list[int]
    refused: dict[int, Verdict] = field(default_factory=dict)
    refused_by: dict[str, int] = field(default_factory=dict)

    @property
    def codes(self) -> dict[VerdictCode, int]:
        """Reason -> texts refused for it."""
        return dict(Counter(verdict.code for verdict in self.refused.values()))


_MAY_DECIDE = frozenset({GateClass.FREE})


#: Free gates go first: what they refuse costs no budget, and no gate that reads records need see it.
_ORDER = (GateClass.FREE, GateClass.CHARGED, GateClass.SITE_ONLY)


def vet(batch: Batch, gates: Sequence[Gate], *, allowed: Collection[GateClass] = _MAY_DECIDE) -> VettingResult:
    """Run texts through gates, free ones first and the cheapest first; a refused text is shown to no later gate.

    Args:
        batch: Candidates.
        gates: In any order; gates of equal class and cost run in the order given.
        allowed: Classes of gate that may decide here. Whoever adds ``D`` has charged the ledger, and whoever adds ``S``
            gives up the ε of what passes.

    Raises:
        ConfigError: Two gates have one name.
        PolicyRefused: A gate's class is not allowed to decide.
        DefectError: A gate did not give one verdict of its own per text, or a code that its class may not give.
    """
    names = [gate.name for gate in gates]
    if len(set(names)) != len(names):
        raise ConfigError("two gates have the same name", "list each gate once")
    if any(gate.gate_class not in allowed for gate in gates):
        raise PolicyRefused("a gate reads private records and may not decide what leaves", "leave the gate out")
    kept = list(range(len(batch)))
    refused: dict[int, Verdict] = {}
    refused_by: dict[str, int] = {}
    for gate in sorted(gates, key=lambda gate: (_ORDER.index(gate.gate_class), gate.cost)):
        verdicts = judged(gate, batch.take(kept))
        stopped = {index: verdict for index, verdict in zip(kept, verdicts, strict=True) if not verdict.passed}
        refused |= stopped
        refused_by[gate.name] = len(stopped)
        kept = [index for index in kept if index not in stopped]
    return VettingResult(len(batch), kept, dict(sorted(refused.items())), refused_by)


def judged(gate: Gate, batch: Batch) -> list[Verdict]:
    """A gate's verdicts on a batch, which is not asked about no texts.

    A code of class S tells that a record was read exactly, so no gate whose verdicts are counted in public may give it;
    a gate of class S gives no other, or what it says would be taken for something that may be told.

    Raises:
        DefectError: It did not give one verdict of its own per text, or a code that its class may not give.
    """
    verdicts = gate.judge(batch) if len(batch) else []
    if len(verdicts) != len(batch) or any(verdict.gate != gate.name for verdict in verdicts):
        raise DefectError("a gate did not give one verdict of its own per text", "report this with the gate's name")
    exact = gate.gate_class is GateClass.SITE_ONLY
    if any(not verdict.passed and (verdict.code in SITE_ONLY_CODES) is not exact for verdict in verdicts):
        raise DefectError("a gate gave a code that its class may not give", "report this with the gate's name")
    return verdicts
