"""Mechanisms as executed: the frozen facts from which ε is recomputed.

An event is what a site signs and a ledger stores. It names the release, the sensitivity to one privacy unit and the
noise that was added; ε is never stated, only derived (:mod:`fedaug.privacy.accounting`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar, Final

from fedaug.errors import ProtocolError
from fedaug.privacy.canonical import canonical_json, parse_json
from fedaug.privacy.limits import LIMITS


class ReleaseKind(StrEnum):
    """The closed set of things that may leave a site."""

    NOISY_COUNTS = "NoisyCounts"
    NOISY_VOTES = "NoisyVotes"
    NOISY_STATISTICS = "NoisyStatistics"
    NOISY_UPDATE = "NoisyUpdate"
    SAMPLE_BATCH = "SampleBatch"
    NOISY_METRIC = "NoisyMetric"
    MASKED_SHARE = "MaskedShare"
    TRUSTED_SUM = "TrustedSum"
    PROTOCOL_FACT = "ProtocolFact"
    STATUS = "Status"


#: Kinds that read private records through a mechanism, and are therefore charged.
CHARGED: Final = frozenset(
    {
        ReleaseKind.NOISY_COUNTS,
        ReleaseKind.NOISY_VOTES,
        ReleaseKind.NOISY_STATISTICS,
        ReleaseKind.NOISY_UPDATE,
        ReleaseKind.NOISY_METRIC,
    }
)


@dataclass(frozen=True)
class GaussianEvent:
    """One release of f(D) + N(0, noise_std² I), noise added by the site itself.

    The L2 distance of f between neighbouring data sets (one unit added or removed) is at most ``sensitivity``; every
    coordinate gets independent noise of standard deviation ``noise_std``. ``noise_std = 0`` states that no noise was
    added.

    Attributes:
        key: Names the release within its campaign (``statistics``, ``votes/0``); one key is released once.
        release: What leaves.
        sensitivity: L2 sensitivity to one unit, in the units of the released value.
        noise_std: Standard deviation of the noise, in the same units.
    """

    key: str
    release: ReleaseKind
    sensitivity: float
    noise_std: float

    MECHANISM: ClassVar[str] = "gaussian"

    def __post_init__(self) -> None:
        if self.release not in CHARGED:
            raise ProtocolError("an event names a release kind that is not charged", "use a kind that carries noise")
        if not (math.isfinite(self.sensitivity) and self.sensitivity > 0):
            raise ProtocolError(
                "an event's sensitivity is not above zero", "state the L2 bound of one unit's contribution"
            )
        if not (math.isfinite(self.noise_std) and self.noise_std >= 0):
            raise ProtocolError("an event's noise is negative or not finite", "state the noise's standard deviation")

    @property
    def noise_multiplier(self) -> float:
        """Noise per sensitivity: the σ of the textbooks."""
        return self.noise_std / self.sensitivity

    def as_dict(self) -> dict[str, Any]:
        """The event as plain values, in the form that is hashed, signed and stored."""
        return {
            "mechanism": self.MECHANISM,
            "key": self.key,
            "release": str(self.release),
            "sensitivity": self.sensitivity,
            "noise_std": self.noise_std,
        }


Event = GaussianEvent
_FIELDS: Final = {"mechanism", "key", "release", "sensitivity", "noise_std"}


def event_from_dict(values: object) -> Event:
    """Read one event back.

    Raises:
        ProtocolError: The mechanism is unknown, or a field is missing, extra or of the wrong type.
    """
    todo = "update fedaug on both sides, or refuse the message"
    if not isinstance(values, dict) or values.get("mechanism") != GaussianEvent.MECHANISM:
        raise ProtocolError("an event names no known mechanism", todo)
    if set(values) != _FIELDS:
        raise ProtocolError("an event has missing or unknown fields", todo)
    key, release = values["key"], values["release"]
    numbers = (values["sensitivity"], values["noise_std"])
    if not (isinstance(key, str) and 0 < len(key) <= LIMITS.key_chars):
        raise ProtocolError("an event's key is malformed", todo)
    if not (isinstance(release, str) and release in {str(kind) for kind in ReleaseKind}):
        raise ProtocolError("an event's release kind is unknown", todo)
    if any(isinstance(n, bool) or not isinstance(n, (int, float)) for n in numbers):
        raise ProtocolError("an event holds something that is not a number", todo)
    try:
        sensitivity, noise_std = float(numbers[0]), float(numbers[1])
    except OverflowError:
        raise ProtocolError("an event holds a number that is too large", todo) from None
    return GaussianEvent(key, ReleaseKind(release), sensitivity, noise_std)


def encode_events(events: Iterable[Event]) -> bytes:
    """Events as canonical JSON."""
    return canonical_json([event.as_dict() for event in events])


def decode_events(data: bytes) -> tuple[Event, ...]:
    """Events from canonical JSON.

    Raises:
        ProtocolError: The bytes are not a JSON list of known events.
    """
    values = parse_json(data)
    if not isinstance(values, list):
        raise ProtocolError("a list of events was expected", "update fedaug on both sides, or refuse the message")
    return tuple(event_from_dict(value) for value in values)
