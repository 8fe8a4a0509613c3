"""Vetting: gates that judge synthetic texts before they may leave, and their verdicts."""

from fedaug.privacy.vetting.duplicates import DuplicateGate
from fedaug.privacy.vetting.form import LengthGate, RepetitionGate
from fedaug.privacy.vetting.gate import Batch, Gate, GateClass, Verdict, VerdictCode, VettingResult, vet
from fedaug.privacy.vetting.registry import GROUP, gate_names, make_gate

# IdentifierGate is not imported here: it needs Presidio, which a coordinator may do without.
__all__ = [
    "GROUP",
    "Batch",
    "DuplicateGate",
    "Gate",
    "GateClass",
    "LengthGate",
    "RepetitionGate",
    "Verdict",
    "VerdictCode",
    "VettingResult",
    "gate_names",
    "make_gate",
    "vet",
]
