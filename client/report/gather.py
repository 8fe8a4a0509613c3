"""Gathers a site's own report from ledger, store and file of findings, and writes it for its owner alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

import numpy as np

from fedaug.client.budget import charged_plans
from fedaug.client.records import Record
from fedaug.client.report.facts import (
    FindingCount,
    Holdings,
    RefusedCount,
    SiteBatch,
    SiteCampaign,
    SiteRelease,
    SiteReport,
)
from fedaug.client.site import Site
from fedaug.errors import ConfigError
from fedaug.pages.files import drawing
from fedaug.pages.recall import Deidentification
from fedaug.privacy.accounting.filter import campaigns_epsilon
from fedaug.privacy.audit.attacked import read_attacks
from fedaug.privacy.files import whole_file
from fedaug.privacy.ledger import LedgerEntry
from fedaug.privacy.vetting.site_findings import Finding, SiteFindings

_EXAMPLES: Final = 5
_HASH_SHOWN: Final = 16  # hexadecimal digits; enough to find one among a site's candidates


def gather(site: Site, created: datetime, version: str, score: Deidentification | None = None) -> SiteReport:
    """Everything that the report says.

    Args:
        site: Opened.
        created: When it is made, with its time zone.
        version: Of fedaug.
        score: What de-identification misses on the site's labelled sample.

    Raises:
        ConfigError: The policy of de-identification cannot be read.
        InputError: The file of findings, or that of attacks, is damaged.
    """
    site.observe()
    status, policy, findings = site.status(), site.deid_policy(), SiteFindings(site.folder)
    return SiteReport(
        site=status.name,
        created=created,
        fedaug_version=version,
        unit=status.unit,
        delta=status.delta,
        spent=status.spent,
        budget=status.cap,
        left=status.cap if status.cap == float("inf") else max(status.cap - status.spent, 0.0),
        rolled_back=status.rolled_back,
        campaigns=tuple(_campaigns(site, status.charges, status.delta)),
        holdings=holdings(site.records()) if status.prepared else None,
        policy=policy.name,
        policy_fingerprint=policy.fingerprint,
        policy_notes=policy.notes,
        deidentification=score,
        findings=tuple(_counted(findings.read())),
        findings_kept=findings.path.exists(),
        attacks=read_attacks(site.folder),
    )


def holdings(records: Iterable[Record]) -> Holdings:
    """Counts over the store; texts are read and forgotten one by one."""
    labels: Counter[str] = Counter()
    subjects: set[str] = set()
    lengths: list[int] = []
    for record in records:
        labels[record.label if isinstance(record.label, str) else ""] += 1
        subjects.add(record.subject_id)
        lengths.append(len(record.text))
    spread = None
    if lengths:
        p5, p50, p95, most = (round(float(value)) for value in np.quantile(lengths, [0.05, 0.5, 0.95, 1]))
        spread = (p5, p50, p95, most)
    ordered = dict(sorted(labels.items(), key=lambda pair: (-pair[1], pair[0])))
    return Holdings(records=len(lengths), subjects=len(subjects), labels=ordered, characters=spread)


def write_site_report(data: SiteReport, path: Path) -> Path:
    """Write the page, whole or not at all, readable by its owner only.

    Raises:
        ConfigError: It cannot be written.
        MissingExtra: jinja2 or matplotlib is not installed; nothing is written.
    """
    with drawing():
        from fedaug.client.report.page import page  # noqa: PLC0415  the extra may be absent; the facts need it not
    html = page(data)
    try:
        with whole_file(path, overwrite=True) as file:
            file.write(html.encode())
    except OSError:
        raise ConfigError("the report cannot be written", "check its folder's path and permissions") from None
    return path


def _campaigns(site: Site, entries: Sequence[LedgerEntry], delta: float) -> Iterator[SiteCampaign]:
    charged, offered = charged_plans(entries), site.offered()
    for campaign in site.campaigns():
        refused = Counter((one.gate, one.code) for one in site.refused(campaign))
        yield SiteCampaign(
            campaign=campaign,
            epsilon=campaigns_epsilon([charged.get(campaign, ())], delta),
            releases=tuple(
                SiteRelease(
                    key=entry.event.key,
                    kind=str(entry.event.release),
                    state=str(entry.state),
                    sensitivity=entry.event.sensitivity,
                    noise_std=entry.event.noise_std,
                )
                for entry in entries
                if entry.campaign == campaign
            ),
            batches=tuple(
                SiteBatch(key=one.key, texts=one.texts, outside_dp=one.outside_dp)
                for one in offered
                if one.campaign == campaign
            ),
            refused=tuple(
                RefusedCount(gate=gate, code=code, texts=texts) for (gate, code), texts in refused.most_common()
            ),
        )


def _counted(findings: Iterable[Finding]) -> Iterator[FindingCount]:
    groups: dict[tuple[str, str, str, str], list[Finding]] = {}
    for one in findings:
        groups.setdefault((one.campaign, one.key, one.gate, str(one.code)), []).append(one)
    for (campaign, key, gate, code), alike in groups.items():
        hashes = dict.fromkeys(one.candidate for one in alike)
        scores = [one.score for one in alike if one.score is not None]
        yield FindingCount(
            campaign=campaign,
            key=key,
            gate=gate,
            code=code,
            candidates=len(hashes),
            blocked=len({one.candidate for one in alike if one.blocked}),
            highest=max(scores, default=None),
            examples=tuple(name[:_HASH_SHOWN] for name in list(hashes)[:_EXAMPLES]),
        )
