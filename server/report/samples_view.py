"""The samples' view: the funnel from offered to accepted, the gallery with its provenance, and the cards' bars."""

from __future__ import annotations

from typing import Any, Final

from fedaug.pages import words
from fedaug.pages.facts import natural_order
from fedaug.pages.reasons import reason_in_words
from fedaug.server.report.cards import DataCard
from fedaug.server.report.findings import GateFigures
from fedaug.server.report.model import GallerySample, ReportData

_TEXT_SHOWN: Final = 700  # characters of one sample on the page; report.json holds the whole text
_PARENT_SHOWN: Final = 300
_SAMPLES_SHOWN: Final = 60
_ORIGINS_SHOWN: Final = 12


def funnel(data: ReportData) -> list[dict[str, Any]]:
    """One row per step; what is left after it is where the next bar begins."""
    samples = data.samples
    rows: list[dict[str, Any]] = [
        {"name": "offered", "count": samples.offered, "kind": "offered", "gate_class": "", "reasons": ""}
    ]
    rows += [_refused(gate) for gate in data.vetting.gates] if data.vetting else []
    shown = {row["name"] for row in rows}
    rows += [
        _step(f"refused: {gate}", count, "refused")
        for gate, count in samples.rejected.items()
        if f"refused: {gate}" not in shown
    ]
    rest = samples.offered - samples.accepted - sum(row["count"] for row in rows[1:])
    if rest > 0:
        rows.append(_step("not selected", rest, "left", reasons="other candidates of their label stood higher"))
    rows.append(_step("accepted", samples.accepted, "accepted"))
    left, whole = samples.offered, samples.offered or 1
    for row in rows:
        out = row["kind"] in {"refused", "left"}
        left -= row["count"] if out else 0
        row |= {"start": 100 * max(left, 0) / whole if out else 0, "width": min(100, 100 * row["count"] / whole)}
    return rows


def _step(name: str, count: int, kind: str, gate_class: str = "", reasons: str = "") -> dict[str, Any]:
    return {"name": name, "count": count, "kind": kind, "gate_class": gate_class, "reasons": reasons}


def _refused(gate: GateFigures) -> dict[str, Any]:
    commonest = sorted(gate.reasons.items(), key=lambda pair: -pair[1])
    reasons = ", ".join(f"{reason_in_words(code)} {count:,}" for code, count in commonest)
    return _step(f"refused: {gate.gate}", gate.refused, "refused", gate.gate_class, reasons)


def gallery(data: ReportData) -> list[dict[str, Any]]:
    """Samples by label, each with where it came from."""
    chosen = sorted(enumerate(data.samples.gallery), key=lambda pair: (natural_order(pair[1].label), pair[0]))
    return [
        {
            "sample": sample,
            "text": words.visible(sample.text[:_TEXT_SHOWN]),
            "cut": len(sample.text) > _TEXT_SHOWN,
            "parent": _beginning(sample.parent),
            "made": _made(sample),
        }
        for _, sample in chosen[:_SAMPLES_SHOWN]
    ]


def _beginning(text: str | None) -> str:
    if not text:
        return ""
    return words.visible(text[:_PARENT_SHOWN]) + ("…" if len(text) > _PARENT_SHOWN else "")


def _made(sample: GallerySample) -> str:
    if not sample.generator:
        return sample.origin
    return f"{sample.generator}, varied by {sample.operator}" if sample.operator else sample.generator


def origins(card: DataCard) -> list[dict[str, Any]]:
    """What made the pool's texts, the most first; what comes last is put together."""
    ordered = sorted(card.origins.items(), key=lambda pair: -pair[1])
    shown, others = ordered[:_ORIGINS_SHOWN], ordered[_ORIGINS_SHOWN:]
    if others:
        shown.append((f"{len(others)} others", sum(count for _, count in others)))
    whole = sum(count for _, count in ordered) or 1
    return [{"name": name, "count": count, "width": 100 * count / whole} for name, count in shown]
