"""Makes a release bundle: values in, bytes out. What a checker would refuse is not let out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fedaug.errors import BundleRefused
from fedaug.privacy.bundle.container import (
    CARD,
    ENROLMENT,
    LEDGER,
    LOG,
    MANIFEST,
    REPORT,
    REPORT_PAGE,
    SAMPLES,
    SIGNATURE,
    STATEMENT,
    STATEMENT_PAGE,
    pack,
)
from fedaug.privacy.bundle.excerpt import encode_excerpt, excerpt_of
from fedaug.privacy.bundle.facts import ReportFacts, StatementFacts, card_of, read_report_facts, read_statement_facts
from fedaug.privacy.bundle.manifest import (
    CodeFact,
    GateFact,
    Manifest,
    ModelFact,
    SignerFact,
    encode_manifest,
    facts_of,
    time_text,
)
from fedaug.privacy.bundle.samples import count_outside_dp, count_samples
from fedaug.privacy.bundle.signature import sign_manifest
from fedaug.privacy.bundle.signers import Trust
from fedaug.privacy.bundle.verify import verify_release
from fedaug.privacy.enrolment import claimed_authority, signed_list
from fedaug.privacy.envelope import key_id
from fedaug.privacy.transparency.bundle import read_bundle


@dataclass(frozen=True)
class Material:
    """A campaign's files, as its coordinator wrote them.

    Attributes:
        log: The log bundle.
        enrolment: The consortium's list of keys.
        report: The report of the consortium edition and its page; None where nothing was held out.
        samples: What :func:`fedaug.privacy.bundle.samples.encode_samples` made; None to hand none over.
    """

    statement: bytes
    statement_page: bytes
    log: bytes
    enrolment: bytes
    report: tuple[bytes, bytes] | None = None
    samples: bytes | None = None


@dataclass(frozen=True)
class Terms:
    """On whose word a bundle is handed on, to whom, and until when.

    Attributes:
        created: Seconds since 1970, UTC.
        expires: Likewise.
    """

    agreement: str
    approver: str
    recipient: str
    created: float
    expires: float


@dataclass(frozen=True)
class Provenance:
    """What made the campaign; see :class:`fedaug.privacy.bundle.manifest.Manifest`."""

    code: CodeFact
    models: Sequence[ModelFact]
    policies: Mapping[str, str]
    gates: Sequence[GateFact]


def make_release(material: Material, terms: Terms, provenance: Provenance, key: Ed25519PrivateKey) -> bytes:
    """A release bundle. Equal arguments give equal bytes.

    Args:
        material: What goes into it.
        terms: How it is handed on.
        provenance: What made it.
        key: Of a member of the consortium, who signs.

    Raises:
        NotEnrolled: The key is nobody's on the enrolment list.
        ProtocolError: A file is malformed, or the campaign's log is not countersigned to its end.
        BundleRefused: A checker would refuse the bundle; the message says why.
    """
    statement = read_statement_facts(material.statement)
    report = None if material.report is None else read_report_facts(material.report[0])
    files = _files(material, statement, report)
    manifest = encode_manifest(_manifest(material, statement, report, files, terms, provenance, key))
    signature = sign_manifest(manifest, _signer(material.enrolment, key), key)
    data = pack({**files, MANIFEST: manifest, SIGNATURE: signature})
    findings = verify_release(data, Trust(claimed_authority(material.enrolment)), terms.created)
    if not findings.passed or findings.refusals:
        wrong = [f"{check.subject}: {check.name}: {check.told}" for check in findings.failed]
        raise BundleRefused(
            f"the bundle would not hold ({'; '.join((*wrong, *findings.refusals))})", "mend that, and export again"
        )
    return data


def _files(material: Material, statement: StatementFacts, report: ReportFacts | None) -> dict[str, bytes]:
    excerpt = excerpt_of(read_bundle(material.log), statement.campaign, statement.plan)
    files = {
        STATEMENT: material.statement,
        STATEMENT_PAGE: material.statement_page,
        LOG: material.log,
        ENROLMENT: material.enrolment,
        LEDGER: encode_excerpt(excerpt),
        CARD: card_of(statement, report, count_samples(material.samples or b"")),
    }
    if material.report is not None:
        files[REPORT], files[REPORT_PAGE] = material.report
    if material.samples is not None:
        files[SAMPLES] = material.samples
    return files


def _manifest(
    material: Material,
    statement: StatementFacts,
    report: ReportFacts | None,
    files: Mapping[str, bytes],
    terms: Terms,
    provenance: Provenance,
    key: Ed25519PrivateKey,
) -> Manifest:
    return Manifest(
        campaign=statement.campaign,
        plan=statement.plan,
        created=time_text(terms.created),
        expires=time_text(terms.expires),
        agreement=terms.agreement,
        approver=terms.approver,
        recipient=terms.recipient,
        signer=_signer(material.enrolment, key),
        simulated=statement.simulated,
        files=facts_of(files),
        code=provenance.code,
        models=list(provenance.models),
        config=None if report is None else report.config_digest,
        policies=dict(provenance.policies),
        gates=list(provenance.gates),
        outside_dp=list(statement.outside_dp),
        samples=count_samples(material.samples or b""),
        samples_outside_dp=count_outside_dp(material.samples or b""),
    )


def _signer(enrolment: bytes, key: Ed25519PrivateKey) -> SignerFact:
    identity = key_id(key.public_key())
    member = signed_list(enrolment, claimed_authority(enrolment)).member(identity)
    return SignerFact(name=member.name, role=member.role, key_id=identity)
