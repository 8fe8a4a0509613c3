"""The bundle: one file in which logs, their signed heads and the plans they name are handed to whoever checks them.

A bundle is one canonical JSON object of format ``fedaug-log/1``:

    {"format": "fedaug-log/1",
     "keys":   {name: public key in hexadecimal},                    for convenience; no checker may trust them
     "logs":   [{"origin", "role", "entries", "heads", "countersignatures"}],
     "plans":  [text]}

Entries and plans stand in it as text, byte for byte what was hashed, so that a checker in any language needs SHA-256,
Ed25519 and a JSON parser but no canonical form of its own. Lists are sorted and hold nothing twice: logs by origin,
plans by text, signatures by size. :mod:`fedaug.privacy.transparency.verify` checks what a bundle says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Any, Final, Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from fedaug.errors import FedaugError, ProtocolError
from fedaug.privacy.canonical import canonical_json, digest, parse_json
from fedaug.privacy.events import Event, event_from_dict
from fedaug.privacy.limits import LIMITS
from fedaug.privacy.transparency.entries import CoordinatorEntry, SiteEntry, read_coordinator_entry, read_site_entry
from fedaug.privacy.transparency.heads import HexDigest, Origin, SignedHead

#: Changes whenever the file's form or meaning changes.
BUNDLE_FORMAT: Final = "fedaug-log/1"
#: What to do about a bundle, of logs or of a release, that does not hold.
ASK_AGAIN: Final = "ask for the bundle again, and rely on nothing in this one"

_STRING: Final = re.compile(rb'"[^"]*"')
_MOST_LOGS: Final = 1_000
_MOST_PLANS: Final = 10_000

_Heads = list[SignedHead]


class LogRole(StrEnum):
    """Whose log it is."""

    SITE = "site"
    COORDINATOR = "coordinator"


@dataclass(frozen=True)
class BundledLog:
    """One log with what was signed about it.

    Attributes:
        origin: Whose log it is, by name.
        role: Whether that is a site or the coordinator.
        entries: Every entry's bytes, in order.
        heads: Heads that the owner signed.
        countersignatures: Heads that the coordinator countersigned; none for its own log.
    """

    origin: str
    role: LogRole
    entries: tuple[bytes, ...] = field(repr=False)
    heads: tuple[SignedHead, ...]
    countersignatures: tuple[SignedHead, ...] = ()

    @property
    def site_entries(self) -> tuple[SiteEntry, ...]:
        """The entries of a site's log, typed."""
        return tuple(map(read_site_entry, self.entries))

    @property
    def coordinator_entries(self) -> tuple[CoordinatorEntry, ...]:
        """The entries of a coordinator's log, typed."""
        return tuple(map(read_coordinator_entry, self.entries))


class OfferFacts(BaseModel):
    """What a plan asks for of the sites' own texts, as far as a checker reads it.

    Attributes:
        outside_dp: Whether gates that read records exactly may decide at a site, so that no ε holds for its batch.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True, hide_input_in_errors=True)

    outside_dp: bool = False


class PlanFacts(BaseModel):
    """What a checker reads of a plan; whatever else it says is bound by its digest.

    Attributes:
        campaign: Names the campaign.
        epsilon: What the plan says that it costs at ``delta``; "inf" with the noise off.
        delta: The δ at which it is stated.
        events: Each release, in order.
        samples: The texts that sites are to offer; None for none.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True, hide_input_in_errors=True, allow_inf_nan=False)

    campaign: Annotated[str, Field(min_length=1, max_length=LIMITS.name_chars)]
    epsilon: Annotated[float, Field(gt=0)] | Literal["inf"]
    delta: Annotated[float, Field(gt=0, lt=1)]
    events: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=LIMITS.plan_events)]
    samples: OfferFacts | None = None

    @property
    def mechanisms(self) -> tuple[Event, ...]:
        """The plan's events, typed."""
        return tuple(map(event_from_dict, self.events))


@dataclass(frozen=True)
class Bundle:
    """A bundle that is well-formed. Whether it is true, :func:`fedaug.privacy.transparency.verify.verify_bundle` says.

    Attributes:
        logs: By origin.
        plans: Digest -> what the plan says.
        keys: Name -> public key (hexadecimal) as the bundle's maker states it; not to be trusted.
    """

    logs: tuple[BundledLog, ...]
    plans: Mapping[str, PlanFacts]
    keys: Mapping[str, str]

    def of_role(self, role: LogRole) -> tuple[BundledLog, ...]:
        """The logs of sites, or of coordinators."""
        return tuple(log for log in self.logs if log.role is role)


class _Closed(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)


class _WireLog(_Closed):
    origin: Origin
    role: LogRole
    entries: list[str] = Field(max_length=LIMITS.log_entries)
    heads: _Heads = Field(max_length=LIMITS.log_entries)
    countersignatures: _Heads = Field(max_length=LIMITS.log_entries)


class _WireBundle(_Closed):
    format: Literal["fedaug-log/1"]
    keys: dict[Origin, HexDigest] = Field(max_length=_MOST_LOGS)
    logs: list[_WireLog] = Field(min_length=1, max_length=_MOST_LOGS)
    plans: list[str] = Field(max_length=_MOST_PLANS)


def write_bundle(
    logs: Iterable[BundledLog],
    plans: Iterable[Mapping[str, Any]] = (),
    keys: Mapping[str, Ed25519PublicKey] | None = None,
) -> bytes:
    """Make a bundle, in the one form that it has.

    Args:
        logs: At least one; at most one of them a coordinator's.
        plans: Every plan that a reserved entry names, as plain values.
        keys: Public keys to state, by the name of a log's owner.

    Raises:
        ProtocolError: Something in it is malformed, or it is over the size limit.
    """
    ordered = sorted(logs, key=lambda log: log.origin)
    data = canonical_json(
        {
            "format": BUNDLE_FORMAT,
            "keys": {name: key.public_bytes_raw().hex() for name, key in (keys or {}).items()},
            "logs": [
                {
                    "origin": log.origin,
                    "role": str(log.role),
                    "entries": [_text(entry) for entry in log.entries],
                    "heads": [signed.as_dict() for signed in sorted(log.heads, key=_order)],
                    "countersignatures": [signed.as_dict() for signed in sorted(log.countersignatures, key=_order)],
                }
                for log in ordered
            ],
            "plans": sorted({canonical_json(plan).decode() for plan in plans}),
        }
    )
    read_bundle(data)
    return data


def read_bundle(data: bytes) -> Bundle:
    """Read a bundle of untrusted origin: its form only; nothing that it says is checked yet.

    Raises:
        ProtocolError: The bytes are too many, malformed, not in canonical form, or hold something twice.
    """
    if len(data) > LIMITS.bundle_bytes:
        raise ProtocolError("a bundle is over the size limit", ASK_AGAIN)
    if _most_values(data) > LIMITS.bundle_values:
        raise ProtocolError("a bundle holds more values than any bundle needs", ASK_AGAIN)
    try:
        wire = _WireBundle.model_validate_json(data)
        canonical = canonical_json(wire.model_dump(mode="json"))
    except ValidationError as error:
        where = error.errors(include_input=False, include_url=False, include_context=False)[0]["loc"]
        raise ProtocolError(f"a bundle is malformed{_place(where)}", ASK_AGAIN) from None
    # Also what tells a repeated name in an object, of which a parser would keep the last.
    if canonical != data:
        raise ProtocolError("a bundle is not in canonical form", ASK_AGAIN)
    _refuse_disorder(wire)
    logs = tuple(
        BundledLog(
            log.origin,
            log.role,
            tuple(entry.encode() for entry in log.entries),
            tuple(log.heads),
            tuple(log.countersignatures),
        )
        for log in wire.logs
    )
    for log in logs:
        _check_entries(log)
    return Bundle(logs, dict(map(_plan, wire.plans)), dict(wire.keys))


def _most_values(data: bytes) -> int:
    """How many values a parser would make of JSON: three bytes, such as "[],", can become 150 of memory.

    Right for whatever is well-formed up to some place, and a parser stops at that place.
    """
    # Without escapes, strings are what stands between two quotation marks.
    plain = data.replace(rb"\\", b"").replace(rb"\"", b"")
    strings = plain.count(b'"') // 2
    if strings > LIMITS.bundle_values:
        return strings
    outside = _STRING.sub(b"", plain)
    return strings + sum(outside.count(mark) for mark in (b",", b"[", b"{"))


def _refuse_disorder(wire: _WireBundle) -> None:
    """Sorted and without repetition, so that neither order nor copies can carry a second meaning."""
    orders: list[Sequence[Any]] = [[log.origin for log in wire.logs], wire.plans]
    for log in wire.logs:
        orders += [list(map(_order, log.heads)), list(map(_order, log.countersignatures))]
    if any(list(order) != sorted(set(order)) for order in orders):
        raise ProtocolError("a bundle holds something twice or out of order", ASK_AGAIN)
    coordinators = [log for log in wire.logs if log.role is LogRole.COORDINATOR]
    if len(coordinators) > 1 or any(log.countersignatures for log in coordinators):
        raise ProtocolError("a bundle has two coordinators, or one whose log is countersigned", ASK_AGAIN)
    if not wire.keys.keys() <= {log.origin for log in wire.logs}:
        raise ProtocolError("a bundle states a key of somebody whose log it does not hold", ASK_AGAIN)


def _check_entries(log: BundledLog) -> None:
    read = read_site_entry if log.role is LogRole.SITE else read_coordinator_entry
    for number, entry in enumerate(log.entries, start=1):
        try:
            read(entry)
        except FedaugError as error:
            raise ProtocolError(f"entry {number} of the log of {log.origin}: {error.what}", ASK_AGAIN) from None


def _plan(text: str) -> tuple[str, PlanFacts]:
    data = text.encode()
    try:
        values = parse_json(data)
        if canonical_json(values) != data:
            raise ProtocolError("it is not in canonical form", ASK_AGAIN)
        facts = PlanFacts.model_validate(values)
        _ = facts.mechanisms
    except (ValidationError, FedaugError):
        raise ProtocolError("a bundle holds a plan that cannot be read", ASK_AGAIN) from None
    return digest(data), facts


def _order(signed: SignedHead) -> tuple[int, str, str]:
    return signed.head.size, signed.head.root, signed.signature


def _text(entry: bytes) -> str:
    try:
        return entry.decode()
    except UnicodeDecodeError:
        raise ProtocolError("a log's entry is not UTF-8", ASK_AGAIN) from None


def _place(where: tuple[int | str, ...]) -> str:
    """Where in a bundle, as far as its own names go: those that came from outside are not repeated."""
    names = {*_WireBundle.model_fields, *_WireLog.model_fields, *SignedHead.model_fields}
    known = [str(part) for part in where if isinstance(part, int) or part in names]
    return f" (at {'.'.join(known)})" if known else ""
