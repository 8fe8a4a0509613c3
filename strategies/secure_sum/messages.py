"""The five questions of a masked sum and their answers, in the order in which they are asked.

They are written and read as every other message (:mod:`fedaug.strategies.wire`), and travel in the same envelopes.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, TypeAdapter

from fedaug.errors import ProtocolError
from fedaug.privacy.events import ReleaseKind
from fedaug.privacy.limits import LIMITS
from fedaug.privacy.masking.agreement import SEALED_BYTES
from fedaug.privacy.masking.shamir import SHARE_BYTES
from fedaug.strategies.base import Message
from fedaug.strategies.secure_sum.statements import SiteKeys, Survivors, SurvivorSignature
from fedaug.strategies.secure_sum.terms import HexDigest, SiteName, SumTerms
from fedaug.strategies.wire import Tensors, decode

VALUES: Final = "values"

#: A share of one secret, hexadecimal.
ShareText = Annotated[str, Field(pattern=f"^[0-9a-f]{{{2 * SHARE_BYTES}}}$")]
#: Two shares, of a seed and of a mask key, sealed for one site.
SealedText = Annotated[str, Field(pattern=f"^[0-9a-f]{{{2 * (2 * SHARE_BYTES + SEALED_BYTES)}}}$")]
Shares = Annotated[dict[SiteName, ShareText], Field(max_length=LIMITS.masked_sites)]
Sealed = Annotated[dict[SiteName, SealedText], Field(max_length=LIMITS.masked_sites)]


class AskSumKeys(Message):
    """Ask for a site's public keys for a round."""

    request: Literal["sum-keys"] = "sum-keys"
    terms: SumTerms


class AskSumShares(Message):
    """Show who takes part; ask for shares of each secret, sealed for the others.

    Attributes:
        round: Digest of the terms.
        sites: The roster, in order of names.
    """

    request: Literal["sum-shares"] = "sum-shares"
    round: HexDigest
    sites: tuple[SiteKeys, ...] = Field(max_length=LIMITS.masked_sites)


class AskMaskedShare(Message):
    """Hand on what the others have sealed for a site; ask for its masked values.

    Attributes:
        round: Digest of the terms.
        sealed: By sender. The senders, and the site itself, are those among whom masks are agreed.
    """

    request: Literal["sum-values"] = "sum-values"
    round: HexDigest
    sealed: Sealed


class AskSurvivors(Message):
    """Show whose masked values arrived; ask for a signature under that."""

    request: Literal["sum-survivors"] = "sum-survivors"
    statement: Survivors


class AskUnmasking(Message):
    """Show that enough sites signed one set of survivors; ask for shares that take its masks away.

    Attributes:
        round: Digest of the terms.
        signatures: In order of the sites' names.
    """

    request: Literal["sum-unmasking"] = "sum-unmasking"
    round: HexDigest
    signatures: tuple[SurvivorSignature, ...] = Field(max_length=LIMITS.masked_sites)


class SumKeys(Message):
    """A site's public keys."""

    kind: Literal[ReleaseKind.PROTOCOL_FACT] = ReleaseKind.PROTOCOL_FACT
    fact: Literal["sum-keys"] = "sum-keys"
    keys: SiteKeys


class SumShares(Message):
    """A site's secrets, shared among all others.

    Attributes:
        roster: Digest of the roster.
        commitment: To the secret of its own mask, hexadecimal.
        sealed: By receiver.
    """

    kind: Literal[ReleaseKind.PROTOCOL_FACT] = ReleaseKind.PROTOCOL_FACT
    fact: Literal["sum-shares"] = "sum-shares"
    roster: HexDigest
    commitment: HexDigest
    sealed: Sealed


class MaskedShare(Message):
    """A site's noisy sum under its masks. Tensors: ``values`` int64 [d], from 0 to the event's modulus - 1."""

    kind: Literal[ReleaseKind.MASKED_SHARE] = ReleaseKind.MASKED_SHARE
    roster: HexDigest


class SumSurvivors(Message):
    """A site's signature under the set of survivors."""

    kind: Literal[ReleaseKind.PROTOCOL_FACT] = ReleaseKind.PROTOCOL_FACT
    fact: Literal["sum-survivors"] = "sum-survivors"
    signed: SurvivorSignature


class SumUnmasking(Message):
    """Shares that a site holds: of each other site's seed or of its mask key, never of both.

    Attributes:
        roster: Digest of the roster.
        seeds: Of survivors.
        mask_keys: Of those that dropped out after their shares were handed on.
    """

    kind: Literal[ReleaseKind.PROTOCOL_FACT] = ReleaseKind.PROTOCOL_FACT
    fact: Literal["sum-unmasking"] = "sum-unmasking"
    roster: HexDigest
    seeds: Shares
    mask_keys: Shares


AnySumRequest = AskSumKeys | AskSumShares | AskMaskedShare | AskSurvivors | AskUnmasking
AnySumReply = SumKeys | SumShares | MaskedShare | SumSurvivors | SumUnmasking
_Fact = Annotated[SumKeys | SumShares | SumSurvivors | SumUnmasking, Field(discriminator="fact")]

_REQUESTS: Final[TypeAdapter[AnySumRequest]] = TypeAdapter(
    Annotated[AnySumRequest, Field(discriminator="request")],
)
_REPLIES: Final[TypeAdapter[AnySumReply]] = TypeAdapter(Annotated[_Fact | MaskedShare, Field(discriminator="kind")])


def decode_sum_request(data: bytes) -> AnySumRequest:
    """Read a request of untrusted origin.

    Raises:
        ProtocolError: The bytes are none.
    """
    message, tensors = decode(_REQUESTS, data)
    _check_tensors(tensors, set())
    return message


def decode_sum_reply(data: bytes) -> tuple[AnySumReply, Tensors]:
    """Read a reply of untrusted origin.

    Raises:
        ProtocolError: The bytes are none.
    """
    message, tensors = decode(_REPLIES, data)
    _check_tensors(tensors, {VALUES} if isinstance(message, MaskedShare) else set())
    return message, tensors


def masked_values(terms: SumTerms, tensors: Tensors) -> NDArray[np.int64]:
    """The values of a masked share, whose origin is not trusted.

    Raises:
        ProtocolError: They are of another shape or type, or beyond the modulus.
    """
    values, event = tensors[VALUES], terms.mechanism
    if values.dtype != np.int64 or values.shape != (event.dimensions,):
        raise ProtocolError("a masked share is of another shape than its event says", "leave the site out")
    if not (values.min() >= 0 and values.max() < event.modulus):
        raise ProtocolError("a masked share holds a value beyond its modulus", "leave the site out")
    return values


def _check_tensors(tensors: Tensors, expected: set[str]) -> None:
    if set(tensors) != expected:
        raise ProtocolError("a message of a masked sum holds other tensors than it should", "refuse the message")
