"""What is agreed before a masked sum begins, and what it rests on."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Annotated, Any, Final, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import Field, model_validator

from fedaug.errors import ProtocolError
from fedaug.privacy.canonical import canonical_json, digest
from fedaug.privacy.enrolment import Enrolment, Role
from fedaug.privacy.events import DistributedGaussianEvent, event_from_dict
from fedaug.privacy.limits import LIMITS
from fedaug.privacy.masking.fixed_point import check_room
from fedaug.strategies.base import Message, Name

HexDigest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
SiteName = Annotated[str, Field(pattern="^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=LIMITS.name_chars)]
#: A site's identity key, by its name and the id of the key; raises NotEnrolled for any other.
KeyOf = Callable[[str, str], Ed25519PublicKey]

_REMEDY: Final = "refuse the round"


class SumTerms(Message):
    """One masked sum. Its digest names the round in everything that is signed or sealed.

    A round is run once: another attempt is another release of the plan, with a key and a charge of its own, since a
    coordinator may have seen the sum of a round that it calls failed.

    Attributes:
        campaign: That the sum belongs to.
        plan: SHA-256 of the accepted plan, hexadecimal.
        event: What is charged, a ``distributed_gaussian``; its modulus is a power of two that no sum wraps round.
        bound: B, beyond which a site's clean values are cut off, in grid steps; public.
        threshold: T, how many sites have to give shares before anything is unmasked.
        challenge: Random bytes of the coordinator's.
    """

    campaign: Name
    plan: HexDigest
    event: dict[str, Any]
    bound: int = Field(ge=1, le=LIMITS.modulus)
    threshold: int = Field(ge=1, le=LIMITS.masked_sites)
    challenge: Annotated[str, Field(pattern="^([0-9a-f]{2}){16,64}$")]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        event = self.mechanism
        for broken, what in _rules(event, self.threshold):
            if broken:
                raise ProtocolError(f"a masked sum's {what}", _REMEDY)
        check_room(event, self.bound)
        return self

    @cached_property
    def mechanism(self) -> DistributedGaussianEvent:
        """The event, typed.

        Raises:
            ProtocolError: It is malformed, or of another mechanism.
        """
        event = event_from_dict(self.event)
        if not isinstance(event, DistributedGaussianEvent):
            raise ProtocolError("a masked sum's event is of another mechanism", _REMEDY)
        return event

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the terms in canonical form."""
        return digest(canonical_json(self.model_dump(mode="json")))


def least_threshold(sites: int, colluders: int) -> int:
    """The least T with 2T > K + t.

    Two different survivor sets would need T signatures each, of which only colluders can be in both: 2T <= K + t.
    (Bonawitz et al. 2017, theorem 6.5, with t colluders where the paper counts a third of all.) It follows that T > t,
    so colluders alone cannot join a secret.
    """
    return (sites + colluders) // 2 + 1


def keys_of(enrolment: Enrolment) -> KeyOf:
    """The identity keys of a list's sites."""
    return lambda name, key_id: enrolment.key_of(name, Role.SITE, key_id)


def _rules(event: DistributedGaussianEvent, threshold: int) -> tuple[tuple[bool, str], ...]:
    return (
        (event.sites > LIMITS.masked_sites, "sites are more than the limit"),
        (event.sites < 2, "sites are fewer than two, so that there is nothing to hide in"),
        (
            8 * event.dimensions > LIMITS.message_bytes - LIMITS.header_bytes,
            "values do not fit into one message; plan several sums",
        ),
        (
            threshold < least_threshold(event.sites, event.colluders),
            "threshold lets colluders have two survivor sets signed",
        ),
        (threshold > event.survivors, "threshold is above its minimum of survivors"),
    )
