"""Checks a release bundle offline: with nothing but the file and public keys that its checker was given elsewhere.

First what binds everything else: the file's form, each file's hash, the signature. Where one of these fails nothing
else is looked at, because it says nothing. Then the logs, by :mod:`fedaug.privacy.transparency.verify`, and what the
files say of each other, by :mod:`fedaug.privacy.bundle.agreement`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from fedaug.errors import BadSignature, NotEnrolled
from fedaug.privacy.bundle.agreement import (
    Contents,
    charge_faults,
    epsilon_faults,
    excerpt_faults,
    gate_faults,
    naming_faults,
    outside_dp_faults,
    report_faults,
)
from fedaug.privacy.bundle.container import (
    CARD,
    ENROLMENT,
    LEDGER,
    LOG,
    MANIFEST,
    NEEDED,
    REPORT,
    REPORT_PAGE,
    SAMPLES,
    SIGNATURE,
    STATEMENT,
    unpack,
)
from fedaug.privacy.bundle.excerpt import proof_faults, read_excerpt
from fedaug.privacy.bundle.facts import card_of, read_report_facts, read_statement_facts
from fedaug.privacy.bundle.manifest import FileFact, Manifest, read_manifest, time_text
from fedaug.privacy.bundle.samples import count_samples, sample_faults
from fedaug.privacy.bundle.signature import verify_manifest
from fedaug.privacy.bundle.signers import Signers, Trust, signers_of
from fedaug.privacy.canonical import digest
from fedaug.privacy.enrolment.lists import CLOCK_SKEW_S
from fedaug.privacy.transparency.bundle import read_bundle
from fedaug.privacy.transparency.findings import Findings, Worksheet, counted
from fedaug.privacy.transparency.verify import verify_bundle

_WHOLE: Final = "bundle"


@dataclass(frozen=True)
class ReleaseFindings(Findings):
    """The outcome.

    Attributes:
        manifest: What was signed.
        refusals: Why the bundle may not be relied on though it is what its maker signed: expired, for somebody else.
    """

    manifest: Manifest
    refusals: tuple[str, ...] = field(default=())

    def as_dict(self) -> dict[str, Any]:
        """The findings as plain values."""
        return {**super().as_dict(), "refusals": list(self.refusals), "manifest": self.manifest.model_dump(mode="json")}


def verify_release(data: bytes, trust: Trust, now: float, recipient: str | None = None) -> ReleaseFindings:
    """Check everything that a bundle says.

    Args:
        data: The bundle's bytes, of untrusted origin.
        trust: Whose keys count.
        now: Seconds since 1970, UTC.
        recipient: Who the checker is; a bundle for somebody else is refused.

    Raises:
        ProtocolError: The file is no bundle, or one of its files is malformed.
        BadSignature: The enrolment list is not signed by the authority.
        ConfigError: The checker brings no key, or the list does not settle who the coordinator is.
    """
    files, sheet = unpack(data), Worksheet()
    manifest = read_manifest(files.get(MANIFEST, b""))
    listed = f"{counted(len(manifest.files), 'file')} with the length and SHA-256 in the manifest"
    whole = sheet.check("files", _WHOLE, f"{listed}; none missing, none besides", _file_faults(manifest, files))
    if whole:
        signers = signers_of(trust, files[ENROLMENT], now)
        said = f"the manifest, signed by {manifest.signer.name} as {manifest.signer.role}"
        signed = sheet.check("signature", _WHOLE, said, _signature_faults(manifest, files, signers))
        if signed:
            _check_contents(manifest, files, signers, sheet)
            sheet.unchecked += signers.known.doubts
    if not whole or not signed:
        sheet.unchecked.append("all else: nothing in a bundle counts that its manifest and signature do not bind")
    made = sheet.findings(digest(data))
    refusals = tuple(_refusals(manifest, now, recipient))
    return ReleaseFindings(made.bundle, made.checks, made.spending, made.unchecked, manifest, refusals)


def _file_faults(manifest: Manifest, files: Mapping[str, bytes]) -> Iterator[str]:
    held = files.keys() - {MANIFEST, SIGNATURE}
    for name in sorted(NEEDED - manifest.files.keys()):
        yield f"the manifest lacks {name}"
    if (REPORT in manifest.files) != (REPORT_PAGE in manifest.files):
        yield "a report without its page, or the other way round"
    for name in sorted(manifest.files.keys() - held):
        yield f"{name} is missing"
    for name in sorted(held - manifest.files.keys()):
        yield f"{name} is not in the manifest"
    for name in sorted(held & manifest.files.keys()):
        if FileFact.of(files[name]) != manifest.files[name]:
            yield f"{name} is not the file that was signed"


def _signature_faults(manifest: Manifest, files: Mapping[str, bytes], signers: Signers) -> Iterator[str]:
    try:
        key = signers.key_of(manifest.signer)
        verify_manifest(files[MANIFEST], files.get(SIGNATURE, b""), manifest.signer, key)
    except (BadSignature, NotEnrolled) as error:
        yield error.what


def _check_contents(manifest: Manifest, files: Mapping[str, bytes], signers: Signers, sheet: Worksheet) -> None:
    contents = Contents(
        manifest=manifest,
        statement=read_statement_facts(files[STATEMENT]),
        report=read_report_facts(files[REPORT]) if REPORT in files else None,
        excerpt=read_excerpt(files[LEDGER]),
        log=read_bundle(files[LOG]),
    )
    delta = contents.statement.privacy_parameters.delta
    sheet.check("campaign", _WHOLE, "the campaign and plan of each file with the manifest's", naming_faults(contents))
    _check_log(files[LOG], signers, delta, sheet)
    for site, excerpt in contents.excerpt.sites.items():
        held = f"{counted(len(excerpt.entries), 'place')} in the log below the head of {excerpt.head.size:,} entries"
        compared = f"{held}, and {counted(len(excerpt.earlier), 'older head')} of its beginnings"
        sheet.check("proofs", site, compared, proof_faults(excerpt))
    sheet.check("ledger", _WHOLE, "the ledger excerpt with the logs in the bundle", excerpt_faults(contents))
    sheet.check("charged", _WHOLE, "the statement's mechanisms with what each site reserved", charge_faults(contents))
    stated = "the statement's ε, recomputed from the mechanisms that the sites signed"
    sheet.check("statement", _WHOLE, stated, epsilon_faults(contents))
    sheet.check("report", _WHOLE, "the report's ε, sites and settings with the statement's", report_faults(contents))
    sheet.check("gates", _WHOLE, "each gate with its class, wherever it is named", gate_faults(contents))
    outside = "that no ε is stated for any batch that a gate of class S picked from"
    sheet.check("outside DP", _WHOLE, outside, outside_dp_faults(contents))
    _check_samples(contents, files, sheet)
    _note_unchecked(contents, sheet)


def _check_log(data: bytes, signers: Signers, delta: float, sheet: Worksheet) -> None:
    found = verify_bundle(data, signers.known.keys, coordinator=signers.known.coordinator, delta=delta)
    sheet.checks += found.checks
    sheet.spending += found.spending
    sheet.unchecked += found.unchecked


def _check_samples(contents: Contents, files: Mapping[str, bytes], sheet: Worksheet) -> None:
    samples = files.get(SAMPLES, b"")
    made = card_of(contents.statement, contents.report, contents.manifest.samples)
    same = [] if made == files[CARD] else ["it says something else"]
    sheet.check("card", _WHOLE, "the card with the statement, the report and the number of samples", same)
    faults = [] if count_samples(samples) == contents.manifest.samples else ["the manifest names another number"]
    manifest = contents.manifest
    compared = f"{counted(manifest.samples, 'sample')}: each under its own hash, PUBLIC, DP or said to be outside DP"
    found = sample_faults(samples, outside_dp=manifest.samples_outside_dp, sites=manifest.outside_dp)
    sheet.check("samples", _WHOLE, compared, [*faults, *found])


def _note_unchecked(contents: Contents, sheet: Worksheet) -> None:
    code = contents.manifest.code
    sheet.unchecked += [
        f"that {code.package} {code.version} with the hash stated is what ran, and with the models and policies stated",
        "that the pages say what the JSON beside them says: they are bound by their hashes only",
        "scores and other figures of the report that follow from no log: they are the signer's word",
    ]
    if contents.manifest.outside_dp and contents.manifest.samples:
        sheet.unchecked.append("that no more samples are outside DP than say so: logs list batches and not their texts")
    others = contents.excerpt.sites.keys() - set(contents.statement.mechanisms.sites)
    if others:
        sheet.unchecked.append(f"why {counted(len(others), 'site')} reserved the plan that the statement does not name")


def _refusals(manifest: Manifest, now: float, recipient: str | None) -> Iterator[str]:
    if not time_text(now) < manifest.expires:
        yield f"it expired on {manifest.expires}"
    if not manifest.created <= time_text(now + CLOCK_SKEW_S):
        yield f"it is of {manifest.created}, which is still to come"
    if recipient is not None and recipient != manifest.recipient:
        yield f"it is for {manifest.recipient}"
