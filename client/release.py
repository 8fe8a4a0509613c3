"""The release gate: the only door out of a site.

Order matters. What was sealed before is sent again as it is. Otherwise the charge must already be reserved, and the
request settled that the release answers; only then are records read, and only by the mechanism that was charged, which
adds its noise; and the result is sealed in the outbox, in the transaction that commits the charge, before anything
leaves.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fedaug.client.answers import Answer, require_covered
from fedaug.client.kept_offers import KeptOffers
from fedaug.client.offers import Offer
from fedaug.privacy.canonical import digest
from fedaug.privacy.envelope import open_envelope, seal_envelope
from fedaug.privacy.ledger import Ledger
from fedaug.privacy.noise import NoiseSource
from fedaug.privacy.transparency.entries import Offered
from fedaug.strategies.messages import (
    AskSamples,
    CampaignPlan,
    Message,
    NoisyRelease,
    ReleaseRequest,
    SampleBatch,
    decode_reply,
    encode,
)
from fedaug.strategies.samples import sample_batch

_NONCE_BYTES = 16
_Rows = TypeVar("_Rows")


class ReleaseGate:
    """Lets out signed envelopes, and nothing else.

    Args:
        site: The site's name.
        signer: Its signing key.
        ledger: Its privacy ledger.
        noise: Where privacy noise and nonces come from.
        offers: Keeps the batches that have left.
    """

    def __init__(
        self, site: str, signer: Ed25519PrivateKey, ledger: Ledger, noise: NoiseSource, offers: KeptOffers
    ) -> None:
        self._site = site
        self._signer = signer
        self._ledger = ledger
        self._noise = noise
        self._offers = offers

    def join(self, plan: CampaignPlan) -> None:
        """Reserve a whole plan.

        Raises:
            BudgetExceeded: The ledger cannot carry it.
            AlreadyReleased: The campaign is known with another plan.
        """
        self._ledger.reserve(plan.campaign, plan.digest, plan.mechanisms)

    def public(self, message: Message, request: bytes) -> bytes:
        """Seal a reply that depends on no record (``ProtocolFact`` or ``Status``)."""
        return self._seal(encode(message), "", "", digest(request))

    def release(
        self,
        plan: CampaignPlan,
        request: ReleaseRequest,
        raw: bytes,
        answer: Answer[_Rows],
        records: Callable[[], _Rows],
    ) -> bytes:
        """Release one planned value.

        Args:
            plan: The accepted plan.
            request: What was asked.
            raw: The request's bytes, so that a repeated request is told from a different one.
            answer: How the value is made of the records.
            records: Reads them; called only once the charge stands.

        Raises:
            NotReserved: The ledger holds no charge for it.
            AlreadyReleased: It was released before, in answer to another request.
            PolicyRefused: The plan understates what the release does.
        """
        asked = digest(raw)
        event = self._ledger.planned(plan.campaign, request.key)
        self.join(plan)  # reserved already, so this only checks that the plan is still the one that was agreed to
        require_covered(event, answer)
        sealed = self._ledger.sealed(plan.campaign, request.key, asked)
        if sealed is not None:
            return sealed
        self._ledger.ask(plan.campaign, request.key, asked)
        values = answer.run(records(), event, self._noise)
        told = NoisyRelease(kind=answer.kind, campaign=plan.campaign, plan=plan.digest, event=event.as_dict())
        body = encode(told, {"values": values})
        artefact = self._seal(body, plan.campaign, request.key, asked)
        self._ledger.seal(plan.campaign, request.key, asked, artefact)
        return artefact

    def offer(self, plan: CampaignPlan, request: AskSamples, raw: bytes, make: Callable[[], Offer]) -> bytes:
        """Let out a batch of texts. It is post-processing or outside DP, so nothing is charged for it.

        Args:
            plan: The accepted plan.
            request: What was asked.
            raw: The request's bytes.
            make: Makes the batch; not called for one that has left already.

        Raises:
            PrivateOutput: A text depends on records without a DP mechanism in between.
            PolicyRefused: The batch is outside DP where that was not agreed, or not of its fixed size.
            AlreadyReleased: It left in answer to another request.
        """
        asked = digest(raw)
        self.join(plan)  # as for a release: a ledger that was rolled back lets nothing out
        artefact = self._offers.find(plan.campaign, request.key, asked)
        if artefact is None:
            offer = make()
            body = encode(sample_batch(plan, offer.candidates, outside_dp=offer.outside_dp))
            artefact = self._seal(body, plan.campaign, request.key, asked)
            artefact = self._offers.keep(plan.campaign, request.key, artefact)
        # Also for one that was kept before: a crash may have come between the two.
        self._ledger.offer(_entry(artefact))
        return artefact

    def _seal(self, body: bytes, campaign: str, key: str, asked: str) -> bytes:
        return seal_envelope(
            body,
            campaign=campaign,
            key=key,
            site=self._site,
            request_digest=asked,
            nonce=self._noise.token(_NONCE_BYTES),
            signer=self._signer,
        )


def _entry(artefact: bytes) -> Offered:
    """What the site's log says of a batch."""
    header, body = open_envelope(artefact, None)
    batch, _ = decode_reply(body)
    assert isinstance(batch, SampleBatch)
    return Offered(
        campaign=header.campaign,
        key=header.key,
        request=header.request_digest,
        artefact=digest(artefact),
        texts=len(batch.samples),
        outside_dp=batch.outside_dp,
    )
