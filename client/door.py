"""The door of a site: one request in, one signed envelope out, whatever was asked.

Every request takes the same way. Who asks is checked first (a site that belongs to a consortium hears enrolled
coordinators only), then what is asked, then the site's policy; only the release gate touches ledger and records.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from fedaug.client.accepted_plans import AcceptedPlans
from fedaug.client.adaptations import Adaptations
from fedaug.client.answers import answer_to
from fedaug.client.callers import Asked, Callers
from fedaug.client.offers import Offers
from fedaug.client.pace import Pace
from fedaug.client.policy import require_allowed
from fedaug.client.release import ReleaseGate
from fedaug.client.rows import PreparedRows
from fedaug.client.settings import SiteSettings
from fedaug.client.site_log import SiteLog
from fedaug.errors import DefectError, FedaugError, ProtocolError, RefusedError
from fedaug.strategies.messages import (
    Adapt,
    AskSamples,
    CampaignPlan,
    Describe,
    ExchangeHeads,
    Join,
    Message,
    Outcome,
    ReleaseRequest,
    SiteFact,
    Status,
    Tensors,
    decode_request,
)

_LOG = logging.getLogger(__name__)


class Door:
    """Answers requests.

    Args:
        settings: The site's.
        gate: Lets out what leaves.
        plans: What the site has agreed to.
        rows: Its prepared records.
        log: Its transparency log.
        callers: Who may ask.
        offers: Makes the texts that it offers.
        adaptations: Adapts its language model.
        public_key: Of the site, 32 raw bytes.
    """

    def __init__(
        self,
        settings: SiteSettings,
        gate: ReleaseGate,
        plans: AcceptedPlans,
        rows: PreparedRows,
        log: SiteLog,
        callers: Callers,
        offers: Offers,
        adaptations: Adaptations,
        public_key: bytes,
    ) -> None:
        self._settings = settings
        self._gate = gate
        self._plans = plans
        self._rows = rows
        self._log = log
        self._callers = callers
        self._offers = offers
        self._adaptations = adaptations
        self._pace = Pace(settings.privacy.reply_interval_s)
        self._adapting_pace = Pace(settings.adaptation.reply_interval_s)
        self._fact = SiteFact(site=settings.name, public_key=public_key.hex())

    def handle(self, data: bytes) -> bytes:
        """Answer one message from outside. No exception leaves: a failure is a status without its cause."""
        return self._guarded(data, self._callers.admit)

    def answer(self, request: bytes) -> bytes:
        """Answer the site's own people, who need no enrolment."""
        return self._guarded(request, Asked)

    def _guarded(self, data: bytes, admit: Callable[[bytes], Asked]) -> bytes:
        heard = data  # once somebody may ask, what the status answers is the request and not the envelope around it
        try:
            asked = admit(data)
            heard = asked.request
            return self._answer(asked)
        except RefusedError as error:
            return self._failed(Outcome.REFUSED, error, heard)
        except FedaugError as error:
            return self._failed(Outcome.UNAVAILABLE, error, heard)
        except Exception as error:  # the outermost boundary: an exception's text may quote a record
            defect = DefectError(f"a request failed with {type(error).__name__}", "report it with this line")
            return self._failed(Outcome.UNAVAILABLE, defect, heard)

    def _answer(self, asked: Asked) -> bytes:
        message, tensors = decode_request(asked.request)
        self._require_meant(message, asked)
        if isinstance(message, ReleaseRequest):
            return self._release(message, asked.request, tensors)
        return self._gate.public(self._told(message, asked), asked.request)

    def _require_meant(self, message: Message, asked: Asked) -> None:
        """Another site's request counts only with that site: it would spend this one's budget behind everybody's back.

        Raises:
            ProtocolError: It is one.
        """
        anybody = asked.key is None or (isinstance(message, Describe) and not asked.receiver)
        if not anybody and asked.receiver != self._settings.name:
            raise ProtocolError("a request is for another site", "send each site its own")

    def _told(self, message: Describe | Join | ExchangeHeads, asked: Asked) -> Message:
        if isinstance(message, Describe):
            return self._fact
        if isinstance(message, ExchangeHeads):
            return self._log.exchange(message, asked.key)
        if message.log is not None and not self._plans.holds(message.plan):
            self._log.require_newest(message.log)
        self._join(message.plan)
        return Status(status=Outcome.OK)

    def _join(self, plan: CampaignPlan) -> None:
        require_allowed(plan, self._settings, self._rows.space())
        self._gate.join(plan)
        self._plans.keep(plan)

    def _release(self, request: ReleaseRequest, raw: bytes, tensors: Tensors) -> bytes:
        plan = self._plans.find(request.campaign)
        if isinstance(request, (AskSamples, Adapt)) and tensors:
            raise ProtocolError("a request holds tensors that it does not define", "send what the request defines")
        if isinstance(request, Adapt):
            return self._adapt(plan, request, raw)
        if isinstance(request, AskSamples):
            with self._pace.held():
                return self._gate.offer(plan, request, raw, lambda: self._offers.make(plan, request.key))
        answer = answer_to(request, tensors, plan, self._settings.policy.max_candidates)
        with self._pace.held():
            return self._gate.release(plan, request, raw, answer, lambda: self._rows.contributions(plan))

    def _adapt(self, plan: CampaignPlan, request: Adapt, raw: bytes) -> bytes:
        answer = self._adaptations.answer(plan)
        with self._adapting_pace.held(), self._adaptations.alone():
            artefact = self._gate.release(plan, request, raw, answer, lambda: self._adaptations.units(plan))
            self._adaptations.done(plan)
            return artefact

    def _failed(self, outcome: Outcome, error: FedaugError, heard: bytes) -> bytes:
        _LOG.warning("%s: a request was answered with %s (%s)", error.code, outcome, error.what)
        return self._gate.public(Status(status=outcome), heard)
