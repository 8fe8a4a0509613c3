"""Checks a bundle offline: with nothing but the file and the public keys of those whose logs it holds.

The checks are of three sorts: that each log is the one that its owner signed; that each keeps the rules (reserved, then
sealed); and that the logs agree with each other and with the plans (:mod:`fedaug.privacy.transparency.agreement`). A
missing key fails its log's check, because entries that no verified signature binds say nothing. Whatever else could not
be checked is listed beside.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from fedaug.errors import BadSignature, InvalidBudget
from fedaug.privacy.canonical import digest
from fedaug.privacy.envelope import key_id
from fedaug.privacy.transparency.agreement import (
    Pooled,
    check_acceptances,
    check_countersigned,
    check_plans,
    pooled_entries,
    state_spending,
)
from fedaug.privacy.transparency.bundle import Bundle, BundledLog, LogRole, read_bundle
from fedaug.privacy.transparency.findings import Findings, Worksheet, counted
from fedaug.privacy.transparency.heads import HeadRole, SignedHead, verify_head
from fedaug.privacy.transparency.merkle import roots_of_beginnings
from fedaug.privacy.transparency.replay import replay

#: Name -> the public keys whose signatures count as that name's. Two where one has just replaced the other.
Keys = Mapping[str, Sequence[Ed25519PublicKey]]

_HEAD_ROLES: Final = {LogRole.SITE: HeadRole.SITE, LogRole.COORDINATOR: HeadRole.COORDINATOR}


def verify_bundle(data: bytes, keys: Keys, *, coordinator: str | None = None, delta: float | None = None) -> Findings:
    """Check everything that a bundle says.

    Args:
        data: The bundle's bytes, of untrusted origin.
        keys: Those of everybody whose signature is to count. Never taken from the bundle.
        coordinator: Who the consortium's coordinator is, where that is known; otherwise the bundle's word is taken for
            it, and the findings say so.
        delta: The δ at which each site's ε is stated; otherwise the smallest of its plans.

    Raises:
        ProtocolError: The bytes are not a well-formed bundle.
        InvalidBudget: ``delta`` is not strictly between 0 and 1.
    """
    if delta is not None and not 0 < delta < 1:
        raise InvalidBudget("δ is not between 0 and 1", "give δ far below one over the number of records, such as 1e-5")
    bundle, sheet = read_bundle(data), Worksheet()
    _check_stated_keys(bundle, keys, sheet)
    signer = _check_coordinator(bundle, coordinator, sheet)
    bound = {log.origin: _check_heads(log, keys, sheet) for log in bundle.logs}
    pooled = pooled_entries(bundle, sheet)
    for log in bundle.of_role(LogRole.SITE):
        _check_countersignatures(log, signer, keys, sheet)
        _check_site(bundle, log, pooled, delta, sheet, bound=bound[log.origin])
    return sheet.findings(digest(data))


def _check_site(
    bundle: Bundle, log: BundledLog, pooled: Pooled | None, delta: float | None, sheet: Worksheet, *, bound: bool
) -> None:
    journal = replay(log.site_entries)
    order = f"{counted(len(journal.sealed), 'sealed release')}: each reserved before, sealed once, and not voided"
    ordered = sheet.check("order", log.origin, order, journal.faults)
    planned = check_plans(bundle, log.origin, journal, pooled, sheet)
    if pooled is not None:
        check_acceptances(pooled, log.origin, journal, sheet)
        check_countersigned(pooled, log, sheet)
    # Last and only then: accounting takes a while, and would vouch for figures that nobody signed.
    if bound and ordered and planned:
        state_spending(bundle, log, journal, delta, sheet)
    else:
        sheet.unchecked.append(f"the ε of {log.origin}: a check that comes before it failed")


def _check_stated_keys(bundle: Bundle, keys: Keys, sheet: Worksheet) -> None:
    """The bundle's own keys decide nothing; but where they differ, somebody was given a wrong one."""
    for name, stated in bundle.keys.items():
        if keys.get(name):
            same = any(key.public_bytes_raw().hex() == stated for key in keys[name])
            faults = [] if same else ["they differ: ask its owner for the key's id"]
            sheet.check("stated key", name, "the public key that the bundle states with the one that was given", faults)


def _check_coordinator(bundle: Bundle, named: str | None, sheet: Worksheet) -> str | None:
    """Whose countersignatures count."""
    stated = next((log.origin for log in bundle.of_role(LogRole.COORDINATOR)), None)
    if named is None:
        if stated is not None:
            sheet.unchecked.append(f"that {stated} is the consortium's coordinator: only the bundle says so")
        return stated
    faults = [f"the bundle says that it is {stated}"] if stated not in (None, named) else []
    if any(log.origin == named for log in bundle.of_role(LogRole.SITE)):
        faults.append("the bundle holds its log as a site's")
    sheet.check("coordinator", named, "who the coordinator is, as the bundle says and as it was given", faults)
    return named


def _check_heads(log: BundledLog, keys: Keys, sheet: Worksheet) -> bool:
    """Whether the whole log is what its owner signed."""
    said = f"{counted(len(log.heads), 'head')} of the log: signed by {log.origin} as {log.role}"
    signed = sheet.check("signature", log.origin, said, _signature_faults(log, keys))
    whole = f"all {len(log.entries):,} entries"
    compared = f"the root recomputed from {whole} of the log with the root in those heads"
    faults = list(_root_faults(log, log.heads))
    if not any(head.head.size == len(log.entries) for head in log.heads):
        faults.append(f"no head covers {whole}")
    return sheet.check("root", log.origin, compared, faults) and signed


def _signature_faults(log: BundledLog, keys: Keys) -> Iterator[str]:
    if not keys.get(log.origin):
        yield f"no key was given for {log.origin}"
        return
    for signed in log.heads:
        yield from _unsigned(signed, log.origin, _HEAD_ROLES[log.role], keys[log.origin])


def _check_countersignatures(log: BundledLog, signer: str | None, keys: Keys, sheet: Worksheet) -> None:
    heads = log.countersignatures
    if not heads:
        sheet.unchecked.append(
            f"whether {log.origin} showed the coordinator this same log: no countersignature is in the bundle"
        )
        return
    if signer is None or not keys.get(signer):
        sheet.unchecked.append(
            f"{counted(len(heads), 'countersignature')} of the log of {log.origin}: no key of its signer"
        )
    else:
        compared = f"{counted(len(heads), 'head')} of the log: countersigned by {signer}, and the beginning of this log"
        faults = [
            fault for head in heads for fault in _unsigned(head, log.origin, HeadRole.COUNTERSIGNATURE, keys[signer])
        ]
        sheet.check("countersignature", log.origin, compared, [*faults, *_root_faults(log, heads)])
    covered = max(head.head.size for head in heads)
    if covered < len(log.entries):
        sheet.unchecked.append(f"entries {covered + 1} to {len(log.entries)} of {log.origin}: not countersigned yet")


def _unsigned(signed: SignedHead, origin: str, role: HeadRole, keys: Sequence[Ed25519PublicKey]) -> Iterator[str]:
    key = next((key for key in keys if key_id(key) == signed.key_id), keys[0])
    try:
        head = verify_head(signed, role, key)
    except BadSignature as error:
        yield f"the head of {signed.head.size} entries: {error.what}"
        return
    if head.origin != origin:
        yield f"the head of {head.size} entries is one of the log of {head.origin}"


def _root_faults(log: BundledLog, heads: Iterable[SignedHead]) -> Iterator[str]:
    roots = roots_of_beginnings(log.entries, (signed.head.size for signed in heads))
    for signed in heads:
        size = signed.head.size
        if size not in roots:
            yield f"a head is of {size} entries, of which the log lacks {size - len(log.entries)}"
        elif roots[size].hex() != signed.head.root:
            yield f"the first {size} entries are not those whose head was signed"
