"""The inbound gate: a reply counts only if its site signed it, for this request, and did what the plan says."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from numpy.typing import NDArray

from fedaug.errors import BadSignature, ProtocolError
from fedaug.privacy.canonical import digest
from fedaug.privacy.envelope import Header, open_envelope
from fedaug.privacy.events import AboveThresholdEvent, Event
from fedaug.privacy.limits import LIMITS
from fedaug.privacy.public_key import public_key_of
from fedaug.strategies.messages import (
    PROTOCOL_VERSION,
    CampaignPlan,
    LogFact,
    NoisyRelease,
    Outcome,
    SampleBatch,
    SiteFact,
    Status,
    decode_reply,
)
from fedaug.strategies.nearness import require_answers
from fedaug.strategies.samples import require_planned

_REMEDY = "leave the site out of the round and ask it"


@dataclass(frozen=True)
class KnownSite:
    """A site by its name, its key and the node behind which it answers."""

    name: str
    key: Ed25519PublicKey
    node: int


@dataclass(frozen=True)
class Accepted:
    """A verified release.

    Attributes:
        site: Who signed it.
        event: What the site charged.
        values: Float64, all finite.
        envelope: The bytes as they came.
        header: What the site signed.
    """

    site: str
    event: Event
    values: NDArray[np.float64]
    envelope: bytes
    header: Header


@dataclass(frozen=True, repr=False)
class AcceptedBatch:
    """A verified batch of texts. What a site says of them is its word; the gates are yet to run.

    Attributes:
        site: Who signed it.
        batch: The texts.
        envelope: The bytes as they came.
        header: What the site signed.
    """

    site: str
    batch: SampleBatch
    envelope: bytes
    header: Header


def introduce(envelope: bytes, request: bytes, node: int) -> KnownSite:
    """Read a site's first answer, which carries its own key; the key is pinned for the rest of the campaign.

    Raises:
        ProtocolError: It is malformed or of another protocol version.
        BadSignature: It is not signed with the key that it carries.
    """
    _, body = open_envelope(envelope, None)
    fact, _ = decode_reply(body)
    if not isinstance(fact, SiteFact):
        raise ProtocolError("a site did not say who it is", _REMEDY)
    if fact.protocol != PROTOCOL_VERSION:
        raise ProtocolError(
            "a site speaks another version of the protocol", "run the same fedaug release on both sides"
        )
    try:
        key = public_key_of(fact.public_key)
    except ProtocolError:
        raise BadSignature("a site's public key is malformed", _REMEDY) from None
    header, _ = open_envelope(envelope, key)
    if header.site != fact.site or header.request_digest != digest(request):
        raise ProtocolError("a site's answer belongs to another request or site", _REMEDY)
    return KnownSite(fact.site, key, node)


def open_log(envelope: bytes, request: bytes, site: KnownSite) -> LogFact | None:
    """Read a site's signed word on its log; what it says is not checked yet. None if it is unavailable.

    Raises:
        ProtocolError: It is malformed, or not that.
        BadSignature: It is not signed by the site.
    """
    _, body = _opened(envelope, request, site, campaign="", key="")
    reply, _ = decode_reply(body)
    if isinstance(reply, Status) and reply.status is Outcome.UNAVAILABLE:
        return None
    if not isinstance(reply, LogFact):
        raise ProtocolError("a site did not show its log", _REMEDY)
    return reply


def open_status(envelope: bytes, request: bytes, site: KnownSite) -> Status:
    """Read a signed status.

    Raises:
        ProtocolError: It is malformed, or not a status in answer to this request.
        BadSignature: It is not signed by the site.
    """
    _, body = _opened(envelope, request, site, campaign="", key="")
    reply, _ = decode_reply(body)
    if not isinstance(reply, Status):
        raise ProtocolError("a site answered with something else than a status", _REMEDY)
    return reply


def accept(
    envelope: bytes, request: bytes, site: KnownSite, plan: CampaignPlan, key: str, shape: tuple[int, ...]
) -> Accepted:
    """Read a signed release.

    Args:
        envelope: The bytes that came.
        request: The bytes that were sent.
        site: Who was asked.
        plan: What was agreed.
        key: Which release of it was asked for.
        shape: The shape its values must have.

    Raises:
        ProtocolError: It is malformed, answers another request, or departs from the plan.
        BadSignature: It is not signed by the site.
    """
    header, body = _opened(envelope, request, site, campaign=plan.campaign, key=key)
    reply, tensors = decode_reply(body)
    if not isinstance(reply, NoisyRelease):
        raise ProtocolError("a site answered with something else than a release", _REMEDY)
    planned = plan.event(key)
    if reply.plan != plan.digest or reply.campaign != plan.campaign or reply.mechanism != planned:
        raise ProtocolError("a site's release departs from the plan", _REMEDY)
    if reply.kind != planned.release or set(tensors) != {"values"}:
        raise ProtocolError("a site's release is of another kind than planned", _REMEDY)
    values = tensors["values"]
    if values.dtype != np.float64 or values.shape != shape:
        raise ProtocolError("a site's values have the wrong shape or type", _REMEDY)
    if not (np.abs(values) <= LIMITS.release_magnitude).all():
        raise ProtocolError("a site's values are larger than any site's can be", _REMEDY)
    if isinstance(planned, AboveThresholdEvent):
        require_answers(values, planned.positives)
    return Accepted(site.name, reply.mechanism, values, envelope, header)


def accept_batch(
    envelope: bytes, request: bytes, site: KnownSite, plan: CampaignPlan, key: str
) -> AcceptedBatch | None:
    """Read a signed batch of texts. None if the site offers none.

    Raises:
        ProtocolError: It is malformed, answers another request, or departs from the plan.
        BadSignature: It is not signed by the site.
    """
    header, body = open_envelope(envelope, site.key)
    reply, tensors = decode_reply(body)
    if isinstance(reply, Status):
        _opened(envelope, request, site, campaign="", key="")
        return None
    _opened(envelope, request, site, campaign=plan.campaign, key=key)
    if not isinstance(reply, SampleBatch) or tensors:
        raise ProtocolError("a site answered with something else than a batch of texts", _REMEDY)
    require_planned(reply, plan)
    return AcceptedBatch(site.name, reply, envelope, header)


def _opened(envelope: bytes, request: bytes, site: KnownSite, *, campaign: str, key: str) -> tuple[Header, bytes]:
    header, body = open_envelope(envelope, site.key)
    if (header.site, header.campaign, header.key) != (site.name, campaign, key):
        raise ProtocolError("a site's answer belongs to another release", _REMEDY)
    if header.request_digest != digest(request):
        raise ProtocolError("a site's answer belongs to another request", _REMEDY)
    return header, body
