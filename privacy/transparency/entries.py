"""What a transparency log holds: one closed set of entries for a site's journal, another for a coordinator's log.

An entry is one canonical JSON object, and its bytes are what the log hashes. None holds a record's value or anything
derived from one without a mechanism: names, digests of messages that left, and mechanism events only.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from fedaug.errors import ProtocolError
from fedaug.privacy.canonical import canonical_json, parse_json
from fedaug.privacy.events import Event, event_from_dict
from fedaug.privacy.limits import LIMITS
from fedaug.privacy.transparency.heads import HexDigest, Origin

_T = TypeVar("_T")
_Name = Annotated[str, Field(min_length=1, max_length=LIMITS.name_chars)]
_Key = Annotated[str, Field(min_length=1, max_length=LIMITS.key_chars)]
_Events = Annotated[list[dict[str, Any]], Field(min_length=1, max_length=LIMITS.plan_events)]


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True, allow_inf_nan=False)


class Opened(_Entry):
    """A site's journal begins: whose ledger it is."""

    entry: Literal["opened"] = "opened"
    lineage: _Name
    unit: Literal["record", "subject"]
    adjacency: _Name


class Reserved(_Entry):
    """A whole plan was charged, before any record was read for it."""

    entry: Literal["reserved"] = "reserved"
    campaign: _Name
    plan: HexDigest
    events: _Events

    @property
    def mechanisms(self) -> tuple[Event, ...]:
        """The plan's events, typed."""
        return tuple(event_from_dict(event) for event in self.events)


class Sealed(_Entry):
    """A release was finished; from here on it may leave."""

    entry: Literal["sealed"] = "sealed"
    campaign: _Name
    key: _Key
    request: HexDigest
    artefact: HexDigest


class Voided(_Entry):
    """A reserved release was given back: nothing of it has left, and nothing will."""

    entry: Literal["voided"] = "voided"
    campaign: _Name
    key: _Key


class Offered(_Entry):
    """A batch of texts is about to leave. It is post-processing or outside DP, so nothing was charged for it."""

    entry: Literal["offered"] = "offered"
    campaign: _Name
    key: _Key
    request: HexDigest
    artefact: HexDigest
    texts: int = Field(ge=0, le=LIMITS.batch_samples)
    outside_dp: bool


class Recovered(_Entry):
    """A site's journal was rebuilt from so many entries that a coordinator had kept; the sealed bytes are lost."""

    entry: Literal["recovered"] = "recovered"
    size: int = Field(ge=1, le=LIMITS.log_entries)


class Accepted(_Entry):
    """A coordinator took a site's release."""

    entry: Literal["accepted"] = "accepted"
    campaign: _Name
    site: Origin
    key: _Key
    request: HexDigest
    artefact: HexDigest
    event: dict[str, Any]

    @property
    def mechanism(self) -> Event:
        """The event, typed."""
        return event_from_dict(self.event)


class Countersigned(_Entry):
    """A coordinator countersigned the head of a site's log."""

    entry: Literal["countersigned"] = "countersigned"
    site: Origin
    size: int = Field(ge=0, le=LIMITS.log_entries)
    root: HexDigest


SiteEntry = Opened | Reserved | Sealed | Offered | Voided | Recovered
CoordinatorEntry = Accepted | Countersigned

_SITE: Final[TypeAdapter[SiteEntry]] = TypeAdapter(Annotated[SiteEntry, Field(discriminator="entry")])
_COORDINATOR: Final[TypeAdapter[CoordinatorEntry]] = TypeAdapter(
    Annotated[CoordinatorEntry, Field(discriminator="entry")]
)


def read_site_entry(data: bytes) -> SiteEntry:
    """Read an entry of a site's journal.

    Raises:
        ProtocolError: The bytes are too many, malformed, not in canonical form, or an entry of another log.
    """
    return _read(_SITE, data)


def read_coordinator_entry(data: bytes) -> CoordinatorEntry:
    """Read an entry of a coordinator's log.

    Raises:
        ProtocolError: As :func:`read_site_entry`.
    """
    return _read(_COORDINATOR, data)


def encode_entry(entry: SiteEntry | CoordinatorEntry) -> bytes:
    """An entry as it is appended and hashed."""
    return canonical_json(entry.model_dump(mode="json"))


def _read(kind: TypeAdapter[_T], data: bytes) -> _T:
    todo = "refuse the log, or update fedaug on both sides"
    if len(data) > LIMITS.log_entry_bytes:
        raise ProtocolError("a log's entry is over the size limit", todo)
    values = parse_json(data)
    # One value has one form: else two logs that say the same could differ, and hide a copy.
    if canonical_json(values) != data:
        raise ProtocolError("a log's entry is not in canonical form", todo)
    try:
        found = kind.validate_python(values)
    except ValidationError:
        raise ProtocolError("a log's entry is malformed or unknown", todo) from None
    for event in values.get("events", [values["event"]] if "event" in values else []):
        event_from_dict(event)
    return found
