"""A site's own report with every part filled. No figure here was measured, and every text is invented."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tests.vectors.report_findings import attacked, deidentification

from fedaug.client.report import SiteReport

FINGERPRINT = "3f" * 32  # of the policy that deidentification() is scored with


def site_report(labels: int = 30, campaigns: int = 2, *, noise: bool = True, **changes: Any) -> SiteReport:
    """A site that took part in some campaigns, and measured what its policy misses."""
    values: dict[str, Any] = {
        "site": "st-mary",
        "created": datetime(2025, 1, 1, 9, 30, tzinfo=UTC).isoformat(),
        "fedaug_version": "0.1.0",
        "unit": "record",
        "delta": 1e-5,
        "spent": 5.21 if noise else "inf",
        "budget": 8.0 if noise else "inf",
        "left": 2.79 if noise else "inf",
        "rolled_back": False,
        "campaigns": [_campaign(number, noise) for number in range(campaigns)],
        "holdings": {
            "records": 4812,
            "subjects": 1630,
            "labels": {f"label-{number}": 600 // (number + 1) for number in range(labels)},
            "characters": (40, 310, 1800, 9200),
        },
        "policy": "hipaa-safe-harbor",
        "policy_fingerprint": FINGERPRINT,
        "policy_notes": ["Ages over 89 are pooled."],
        "deidentification": deidentification(),
        "findings": [
            _finding("verbatim-copy", "copies", 14.0, 3),
            _finding("too-close", "closest", 0.97, 11),
            _finding("surrogate-used", "planted", None, 1),
        ],
        "findings_kept": True,
        "attacks": attacked_records(),
    }
    return SiteReport.model_validate(values | changes)


def _campaign(number: int, noise: bool) -> dict[str, Any]:
    planned = [("counts", "NoisyCounts", 9.1), ("statistics", "NoisyStatistics", 1.66)]
    planned += [(f"votes/{turn}", "NoisyVotes", 6.9) for turn in range(6)]
    return {
        "campaign": f"discharge-letters-{number}",
        "epsilon": 3.97 if noise else "inf",
        "batches": [{"key": "samples", "texts": 64, "outside_dp": False}] if number == 0 else [],
        "refused": [
            {"gate": "identifier", "code": "identifier", "texts": 9},
            {"gate": "support", "code": "unsupported", "texts": 4},
        ]
        if number == 0
        else [],
        "releases": [
            {
                "key": key,
                "kind": kind,
                "state": "committed" if number == 0 or key == "counts" else "reserved",
                "sensitivity": 1.0,
                "noise_std": std if noise else 0.0,
            }
            for key, kind, std in planned
        ],
    }


def _finding(code: str, gate: str, highest: float | None, candidates: int) -> dict[str, Any]:
    return {
        "campaign": "discharge-letters-0",
        "key": "samples",
        "gate": gate,
        "code": code,
        "candidates": candidates,
        "blocked": 0,
        "highest": highest,
        "examples": [f"{number:016x}" for number in range(1, min(candidates, 5) + 1)],
    }


def attacked_records() -> dict[str, Any]:
    """Attacks on the site's records, which are of class S."""
    values = attacked("records of st-mary, against held-out ones")
    for one in (*values["attacks"], values["distances"]):
        one |= {"class": "S", "populations": ["real", "real"]}
    return values
