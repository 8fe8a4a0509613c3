"""A gate that refuses whatever looks like personal data. Needs the extra ``client``."""

from __future__ import annotations

from fedaug.errors import QuarantinedRecord
from fedaug.privacy.deid import Deidentifier
from fedaug.privacy.vetting.gate import Batch, GateClass, Verdict, VerdictCode


class IdentifierGate:
    """Refuses a text in which a recogniser of the de-identifier finds anything; tags such as ``[DATE_TIME]`` are fine.

    The recognisers are public and read the text alone, so the gate is of class F. A text that could not be checked is
    refused.

    Args:
        deidentifier: Whose recognisers to use; one with patterns and word lists alone if none is given: a campaign has
            tens of thousands of candidates, and none of them is anybody's record.
    """

    name = "identifier"
    gate_class = GateClass.FREE
    cost = 100.0

    def __init__(self, deidentifier: Deidentifier | None = None) -> None:
        self._deidentifier = deidentifier if deidentifier is not None else Deidentifier(neural=False)

    def judge(self, batch: Batch) -> list[Verdict]:
        """One verdict per text, each from that text alone."""
        return [Verdict(self.name, self._code(text)) for text in batch.texts]

    def _code(self, text: str) -> VerdictCode:
        try:
            found = self._deidentifier.find(text)
        except QuarantinedRecord:
            return VerdictCode.NOT_CHECKED
        return VerdictCode.IDENTIFIER if found else VerdictCode.PASSED
