"""The closed set of requests a coordinator may make and of replies a site may give; :mod:`.wire` has their bytes."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Final, Literal

from pydantic import Field, TypeAdapter

from fedaug.privacy.events import Event, ReleaseKind, event_from_dict
from fedaug.privacy.limits import LIMITS
from fedaug.privacy.transparency.heads import LogHead
from fedaug.strategies.adaptation import ADAPTER_KEY, AdaptationTerms
from fedaug.strategies.base import Message, Name
from fedaug.strategies.plan import (
    CampaignPlan,
    LinearTraining,
    NearnessTest,
    SampleOffer,
    TrustModel,
)
from fedaug.strategies.wire import Tensors, decode, encode

__all__ = [
    "ADAPTER_KEY",
    "PROTOCOL_VERSION",
    "Adapt",
    "AdaptationTerms",
    "AnyReply",
    "AnyRequest",
    "AskCounts",
    "AskMetric",
    "AskSamples",
    "AskStatistics",
    "AskSupport",
    "AskUpdate",
    "AskVotes",
    "CampaignPlan",
    "Challenge",
    "Describe",
    "ExchangeHeads",
    "Join",
    "LinearTraining",
    "LogFact",
    "Message",
    "NearnessTest",
    "NoisyRelease",
    "OfferedSample",
    "Outcome",
    "ReleaseRequest",
    "Reply",
    "Request",
    "SampleBatch",
    "SampleOffer",
    "SiteFact",
    "Status",
    "Tensors",
    "TrustModel",
    "decode_reply",
    "decode_request",
    "encode",
]

#: Changes whenever a message changes its meaning.
PROTOCOL_VERSION: Final = 2

#: Random bytes, hexadecimal, in a question, so that an answer to an earlier one does not pass for new.
Challenge = Annotated[str, Field(pattern="^([0-9a-f]{2}){16,64}$")]


class Describe(Message):
    """Ask who a site is: name, public key, protocol version. Reads nothing private."""

    request: Literal["describe"] = "describe"
    challenge: Challenge


class Join(Message):
    """Put a plan to a site; it checks its policy and reserves the whole plan, or refuses.

    Attributes:
        log: The head of the site's log that the site has just shown. It binds the request to that moment: delivered
            later, it would reserve a plan that nobody waits for. None from the site's own people.
    """

    request: Literal["join"] = "join"
    plan: CampaignPlan
    log: LogHead | None = None


class ReleaseRequest(Message):
    """Ask for one release of an accepted plan."""

    campaign: Name
    key: Name


class AskCounts(ReleaseRequest):
    """Records per label."""

    request: Literal["counts"] = "counts"


class AskStatistics(ReleaseRequest):
    """Per-class sums of unit embeddings."""

    request: Literal["statistics"] = "statistics"


class AskVotes(ReleaseRequest):
    """Votes on candidates. Tensors: ``candidates`` float32 [n, d] unit rows, ``labels`` int32 [n]."""

    request: Literal["votes"] = "votes"


class AskSupport(ReleaseRequest):
    """Whether many units are near each candidate, until so many are. Tensors: ``candidates`` float32 [n, d] unit rows.

    The answer is 1 or 0 for each in order, and -1 for those after the event's last positive answer.
    """

    request: Literal["support"] = "support"


class AskMetric(ReleaseRequest):
    """How often a linear student is right. Tensors: ``weight`` float32 [labels, d], ``bias`` float32 [labels]."""

    request: Literal["metric"] = "metric"


class AskUpdate(ReleaseRequest):
    """A linear head after the plan's training. Tensors: its start, as :class:`AskMetric`'s."""

    request: Literal["update"] = "update"


class Adapt(ReleaseRequest):
    """Have the site adapt a language model to its records, as the plan's ``adaptation`` says: once a plan.

    The answer is a release of the charged event: without values, which says only that it was done, or with the trained
    weights of the adapter in the order of their names, where the plan asks for the adapter itself.
    """

    request: Literal["adapt"] = "adapt"
    key: Literal["adapter"] = "adapter"


class AskSamples(ReleaseRequest):
    """Texts that the site's generator made and its gates let pass, as the plan's ``samples`` say: one batch a plan."""

    request: Literal["samples"] = "samples"
    key: Literal["samples"] = "samples"


class ExchangeHeads(Message):
    """Show each other's logs: what the coordinator has seen of the site's, and how its own stands.

    Attributes:
        challenge: Another in each exchange: where a log has not grown, all else may be as it was.
        since: Entries of the site's log that the coordinator has already.
        countersigned: Its newest countersignature over a head of the site's log.
        coordinator: The signed head of its own log.
    """

    request: Literal["heads"] = "heads"
    challenge: Challenge
    since: int = Field(ge=0, le=LIMITS.log_entries)
    countersigned: dict[str, Any] | None = None
    coordinator: dict[str, Any] | None = None


AnyRequest = (
    Describe
    | Join
    | ExchangeHeads
    | AskCounts
    | AskStatistics
    | AskVotes
    | AskSupport
    | AskMetric
    | AskUpdate
    | Adapt
    | AskSamples
)
Request = Annotated[AnyRequest, Field(discriminator="request")]


class SiteFact(Message):
    """A site's name and key. Depends on nothing private."""

    kind: Literal[ReleaseKind.PROTOCOL_FACT] = ReleaseKind.PROTOCOL_FACT
    fact: Literal["site"] = "site"
    site: Annotated[str, Field(pattern="^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=LIMITS.name_chars)]
    public_key: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    protocol: int = PROTOCOL_VERSION


class LogFact(Message):
    """A page of the entries of a site's log that the asker lacks, and the signed head of the log up to its end.

    Entries name campaigns, plans, mechanisms and digests of what left; nothing in them depends on records.

    Attributes:
        head: Of the log up to the last of ``entries``.
        entries: From the first that was asked for, as canonical JSON.
        more: Whether the log goes on.
    """

    kind: Literal[ReleaseKind.PROTOCOL_FACT] = ReleaseKind.PROTOCOL_FACT
    fact: Literal["log"] = "log"
    head: dict[str, Any]
    entries: tuple[str, ...] = Field(max_length=LIMITS.log_entries)
    more: bool


class Outcome(StrEnum):
    """All that a coordinator learns when there is no release."""

    OK = "ok"
    REFUSED = "refused"
    UNAVAILABLE = "unavailable"


class Status(Message):
    """An outcome without its cause."""

    kind: Literal[ReleaseKind.STATUS] = ReleaseKind.STATUS
    status: Outcome


class NoisyRelease(Message):
    """A noised value and the event that was charged for it. Tensors: ``values`` float64, shape as the request says."""

    kind: Literal[
        ReleaseKind.NOISY_COUNTS,
        ReleaseKind.NOISY_STATISTICS,
        ReleaseKind.NOISY_VOTES,
        ReleaseKind.NOISY_SUPPORT,
        ReleaseKind.NOISY_METRIC,
        ReleaseKind.NOISY_UPDATE,
    ]
    campaign: Name
    plan: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    event: dict[str, Any]

    @property
    def mechanism(self) -> Event:
        """The event, typed."""
        return event_from_dict(self.event)


class OfferedSample(Message):
    """One text of a batch, and what it depends on. ``private`` cannot be written.

    Attributes:
        label: One of the plan's, or none.
        origin: The plug-in that made it.
        source: The corpus or model that it was made from.
        parents: SHA-256 of each text that it was made from, hexadecimal.
    """

    text: str = Field(min_length=1, max_length=LIMITS.sample_chars, repr=False)
    label: Annotated[str, Field(min_length=1, max_length=LIMITS.label_chars)] | None = None
    origin: Name
    source: Annotated[str, Field(max_length=LIMITS.name_chars)] = ""
    parents: tuple[Annotated[str, Field(pattern="^[0-9a-f]{64}$")], ...] = Field((), max_length=20)
    dependence: Literal["public", "dp"]


class SampleBatch(Message):
    """Texts that depend on records through a DP mechanism at most, unless the batch says that it is outside DP.

    Attributes:
        outside_dp: Whether gates that read records exactly decided what is in it: no ε holds for it.
    """

    kind: Literal[ReleaseKind.SAMPLE_BATCH] = ReleaseKind.SAMPLE_BATCH
    campaign: Name
    plan: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    samples: tuple[OfferedSample, ...] = Field(max_length=LIMITS.batch_samples)
    outside_dp: bool


AnyReply = SiteFact | LogFact | Status | NoisyRelease | SampleBatch
_Fact = Annotated[SiteFact | LogFact, Field(discriminator="fact")]
Reply = Annotated[_Fact | Status | NoisyRelease | SampleBatch, Field(discriminator="kind")]

_REQUESTS: Final[TypeAdapter[Request]] = TypeAdapter(Request)
_REPLIES: Final[TypeAdapter[Reply]] = TypeAdapter(Reply)


def decode_request(data: bytes) -> tuple[AnyRequest, Tensors]:
    """Read a request of untrusted origin.

    Raises:
        ProtocolError: The bytes are too many, malformed, not a known request, or hold a value that is not finite.
    """
    return decode(_REQUESTS, data)


def decode_reply(data: bytes) -> tuple[AnyReply, Tensors]:
    """Read a reply of untrusted origin.

    Raises:
        ProtocolError: The bytes are too many, malformed, not a known reply, or hold a value that is not finite.
    """
    return decode(_REPLIES, data)
