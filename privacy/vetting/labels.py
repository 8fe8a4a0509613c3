"""Gates on labels: does a model agree with what a text is said to be, and does the text say anything about it.

labeller = LinearLabeller(public_vectors, public_labels)
gates = [RelabelGate(labeller), InformationGate(labeller)]
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from fedaug.errors import ConfigError, DefectError
from fedaug.privacy.vetting.gate import Batch, GateClass, Verdict, VerdictCode

_TINY = np.finfo(np.float64).tiny


@runtime_checkable
class Labeller(Protocol):
    """A classifier that was trained on public data, or on private data under DP.

    Attributes:
        labels: What it tells apart.
        prior: Probability of each label where nothing is known of the text, above 0: what the same kind of model gives
            when it is trained on empty texts; for most, the labels' shares of its training data. [labels]
    """

    @property
    def labels(self) -> tuple[str, ...]: ...  # noqa: D102  # see the class

    @property
    def prior(self) -> NDArray[np.float64]: ...  # noqa: D102  # see the class

    def probabilities(self, batch: Batch) -> NDArray[np.float64]:
        """Of each label for each text, [texts, labels]; rows sum to 1. May read texts or vectors, never labels."""
        ...


class _LabelGate:
    """What gates share that ask a labeller. A text without a label claims nothing and passes."""

    gate_class = GateClass.FREE
    name: str

    def __init__(self, labeller: Labeller, cost: float) -> None:
        if len(set(labeller.labels)) != len(labeller.labels) or not labeller.labels:
            raise ConfigError("a labeller has no labels, or one twice", "train it on the campaign's labels")
        self._labeller, self.cost = labeller, cost
        self._column: Mapping[str, int] = {label: column for column, label in enumerate(labeller.labels)}

    def judge(self, batch: Batch) -> list[Verdict]:
        """One verdict per text, each from that text and its label alone."""
        if not any(label is not None for label in batch.labels):
            return [Verdict(self.name, VerdictCode.PASSED) for _ in batch.texts]
        found = self._labeller.probabilities(batch)
        if found.shape != (len(batch), len(self._column)):
            raise DefectError("a labeller did not give one probability per text and label", "report this with its name")
        return [self._verdict(row, label) for row, label in zip(found, batch.labels, strict=True)]

    def _verdict(self, row: NDArray[np.float64], label: str | None) -> Verdict:
        if label is None:
            return Verdict(self.name, VerdictCode.PASSED)
        if label not in self._column:
            return Verdict(self.name, VerdictCode.LABEL_MISMATCH)
        if not np.isfinite(row).all():
            return Verdict(self.name, VerdictCode.NOT_CHECKED)
        return self._of(row, self._column[label])

    def _of(self, row: NDArray[np.float64], column: int) -> Verdict:
        raise NotImplementedError


class RelabelGate(_LabelGate):
    """Refuses a text that a labeller would label otherwise, and is surer of it than by a margin.

    Agreement between the label that a text was made for and the one that a classifier gives it is the filter of
    SuperGen and ZeroGen (Meng et al. 2022, section 3.3; Ye et al. 2022) and of AugGPT's faithfulness check. The score
    is the best other label's probability less that of the text's own, from -1 to 1.

    Args:
        labeller: Trained on public data or DP output only, or the gate would not be of class F.
        margin: A text passes while its score is at most this: 0 asks for plain agreement; a labeller that is often
            wrong, such as one trained on label names, wants more.
        cost: Microseconds of processor time per text.

    Raises:
        ConfigError: The margin is not from 0 to below 1.
    """

    name = "relabel"

    def __init__(self, labeller: Labeller, *, margin: float = 0.0, cost: float = 20.0) -> None:
        super().__init__(labeller, cost)
        if not 0 <= margin < 1:
            raise ConfigError("the relabel gate's margin is out of range", "give a number from 0 to below 1")
        self._margin = margin

    def _of(self, row: NDArray[np.float64], column: int) -> Verdict:
        others = np.delete(row, column)
        lead = float(others.max() - row[column]) if len(others) else -1.0
        code = VerdictCode.PASSED if lead <= self._margin else VerdictCode.LABEL_MISMATCH
        return Verdict(self.name, code, lead)


class InformationGate(_LabelGate):
    """Refuses a text that tells a model too little about its label, by pointwise V-information.

    PVI(x → y) = log₂ g(y | x) - log₂ g(y | ∅), in bits (Ethayarajh, Choi & Swayamdipta 2022, "Understanding dataset
    difficulty with V-usable information", definition 4.1). Below 0 the text misleads: the label is likelier before it
    is read. Used to choose generated texts by Lin et al. 2023, "Selective in-context data augmentation".

    Args:
        labeller: Trained on public data or DP output only, or the gate would not be of class F.
        min_bits: Least PVI of a text that passes. At most log₂ of the number of labels can be reached where all are
            equally frequent.
        cost: Microseconds of processor time per text.

    Raises:
        ConfigError: The threshold is not a finite number, or the labeller's prior is not one.
    """

    name = "information"

    def __init__(self, labeller: Labeller, *, min_bits: float = 0.0, cost: float = 21.0) -> None:
        super().__init__(labeller, cost)
        if not math.isfinite(min_bits):
            raise ConfigError("the information gate's threshold is not a number", "give bits, such as 0.5")
        prior = np.asarray(labeller.prior, np.float64)
        if prior.shape != (len(self._column),) or not ((prior > 0) & (prior <= 1)).all():
            raise ConfigError("a labeller's prior has not one probability above 0 per label", "train it on every label")
        self._prior, self._min_bits = np.log2(prior), min_bits

    def _of(self, row: NDArray[np.float64], column: int) -> Verdict:
        bits = math.log2(max(float(row[column]), _TINY)) - float(self._prior[column])
        code = VerdictCode.PASSED if bits >= self._min_bits else VerdictCode.UNINFORMATIVE
        return Verdict(self.name, code, bits)
