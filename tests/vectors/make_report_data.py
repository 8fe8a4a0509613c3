"""Writes ``report_data.json``: made-up, plausible figures that the report's tests draw. Run it to write the file again.

No figure here was measured. Every text is invented.
"""

import math
import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.vectors.report_findings import anomalies, audit, budgets, cards, deidentification, vetting

from fedaug.privacy.units import PrivacyUnit
from fedaug.server.report import ReportData, not_promised, report_json

LABELS = (
    "card_arrival", "card_not_working", "lost_or_stolen_card", "exchange_rate", "pending_transfer",
    "refund_not_showing_up", "top_up_failed", "verify_my_identity", "cash_withdrawal_charge",
    "activate_my_card", "change_pin", "age_limit",
)  # fmt: skip
TEXTS = (
    "I ordered a new card two weeks ago and it still has not come, can you tell me where it is?",
    "why was i charged a fee when i took out cash abroad",
    "My transfer to a friend says pending since yesterday. Is anything wrong?",
    "How do I change the PIN of my card if I have forgotten the old one?",
    "Which exchange rate do you use at the weekend?",
    "The top-up with my debit card was refused although there is money in the account.",
)


def report_data(sites: int = 10, labels: int = 77, rounds: int = 6, *, noise: bool = True) -> dict[str, Any]:
    """A report's facts as plain values, with every part filled."""
    draw = random.Random(20250101)
    names = [f"bank-{number}" for number in range(1, sites + 1)]
    epsilon = 3.97 if noise else "inf"
    alone = sorted(0.19 + 0.25 * draw.random() for _ in names)
    return {
        "title": "Banking intents over ten branches",
        "campaign": "banking-synthetic-0",
        "description": f"{sites} simulated branches hold customers’ questions sorted into {labels} intents. "
        "Public questions from two other assistants were steered by the branches’ noisy class statistics and votes.",
        "created": datetime(2025, 1, 1, 9, 30, tzinfo=UTC).isoformat(),
        "fedaug_version": "0.1.0",
        "utility": _utility(draw, names, alone, labels, rounds, epsilon),
        "privacy": _privacy(names, rounds, epsilon),
        "samples": {
            "offered": 9240,
            "accepted": 5873,
            "rejected": {gate["gate"]: gate["refused"] for gate in vetting()["gates"] if gate["refused"]},
            "gallery": _gallery(draw, labels),
        },
        "rounds": [_round(draw, number, noise) for number in range(1, rounds + 1)],
        "timing": {
            "total_s": 287.4,
            "phases": {
                "embed candidates": 61.2,
                "class statistics": 9.8,
                "votes": 118.6,
                "students": 71.3,
                "report": 3.1,
            },
        },
        "config": {
            "campaign": {"name": "banking-synthetic-0", "labels": labels, "sites": sites, "seed": 7},
            "privacy": {"unit": "record", "epsilon": 4.0 if noise else math.inf, "delta": 1e-5, "trust_model": "local"},
            "voting": {"rounds": rounds, "candidates": 4000, "votes_per_record": 8},
        },
        "vetting": vetting(),
        "anomalies": anomalies(names),
        "audit": audit(names, noise=noise),
        "deidentification": deidentification(),
        "cards": cards(labels, noise=noise),
        "not_promised": not_promised(PrivacyUnit.RECORD, simulated=True),
    }


def label_name(number: int) -> str:
    """An invented intent."""
    return LABELS[number % len(LABELS)] + (f"_{number // len(LABELS)}" if number >= len(LABELS) else "")


def _utility(
    draw: random.Random, names: list[str], alone: list[float], labels: int, rounds: int, epsilon: float | str
) -> dict[str, Any]:
    spent = [0.0, 2.31, *(2.31 + (3.97 - 2.31) * (n / rounds) for n in range(1, rounds + 1))]
    phases = ["public text only", "class statistics", *(f"votes, round {n}" for n in range(1, rounds + 1))]
    scores = [0.482, 0.571, *(0.571 + 0.042 * (1 - 0.6**n) for n in range(1, rounds + 1))]
    scores[-1] = 0.613
    per_label = []
    for number in range(labels):
        base = min(1.0, max(0.0, draw.gauss(0.48, 0.24)))
        per_label.append(
            {
                "label": label_name(number),
                "support": 20,
                "student": round(min(1.0, max(0.0, base + draw.gauss(0.13, 0.13))) * 20) / 20,
                "epsilon0": round(base * 20) / 20,
            }
        )
    return {
        "metric": "accuracy",
        "student": 0.613,
        "epsilon0": 0.482,
        "nonprivate": 0.891,
        "local_only": sorted(alone)[len(alone) // 2],
        "student_name": "text with the DP class sums as prior",
        "test_set": "The held-out file is the public test split of the data set, used for nothing else.",
        "test_size": 1540,
        "students": [
            {"name": "text with the DP class sums as prior", "accuracy": 0.613, "macro_f1": 0.598, "note": ""},
            {
                "name": "text only",
                "accuracy": 0.584,
                "macro_f1": 0.566,
                "note": "pooled texts, labels by the DP teacher",
            },
        ],
        "references": [
            {"kind": "epsilon0", "name": "label names as prototypes", "accuracy": 0.482, "macro_f1": 0.455},
            {"kind": "epsilon0", "name": "unsteered public texts", "accuracy": 0.437, "macro_f1": 0.41},
            *({"kind": "site", "name": n, "accuracy": round(a, 4)} for n, a in zip(names, alone, strict=True)),
            {"kind": "central", "name": "all records, no privacy", "accuracy": 0.891, "macro_f1": 0.89},
        ],
        "site_metric": {
            "name": "accuracy",
            "value": 0.607,
            "noise_std": 0.011 if epsilon != "inf" else 0.0,
            "sites": len(names),
        },
        "trajectory": [
            {"epsilon": e if epsilon != "inf" else "inf", "phase": p, "accuracy": round(s, 4)}
            for e, p, s in zip(spent, phases, scores, strict=True)
        ],
        "per_label": per_label,
        "budgets": budgets(noise=epsilon != "inf"),
    }


def _privacy(names: list[str], rounds: int, epsilon: float | str) -> dict[str, Any]:
    off = epsilon == "inf"
    planned = [("statistics", "NoisyStatistics", 1.0, 1.66), ("counts", "NoisyCounts", 1.0, 9.1)]
    planned += [(f"votes/{n}", "NoisyVotes", 1.0, 6.9) for n in range(rounds)]
    planned += [("metric", "NoisyMetric", 1.0, 12.4)]
    charges = {
        "NoisyStatistics": (1, 2.31),
        "NoisyCounts": (1, 0.35),
        "NoisyVotes": (rounds, 1.31),
        "NoisyMetric": (1, 0.24),
    }
    return {
        "unit": "record",
        "delta": 1e-5,
        "trust_model": "local",
        "consortium_epsilon": epsilon,
        "sites": {
            name: {
                "epsilon": epsilon,
                "budget": "inf" if off else 4.0,
                "releases": {k: {"count": c, "epsilon": "inf" if off else e} for k, (c, e) in charges.items()},
            }
            for name in names
        },
        "releases": [
            {"site": name, "key": key, "kind": kind, "sensitivity": s, "noise_std": 0.0 if off else std}
            for name in names
            for key, kind, s, std in planned
        ],
    }


def _round(draw: random.Random, number: int, noise: bool) -> dict[str, Any]:
    std = 21.8 if noise else 0.0
    votes = {"p10": -1.28 * std, "p25": -0.66 * std, "p50": 0.9, "p75": 0.71 * std + 1, "p90": 1.4 * std + 2}
    kept = 1400 - 80 * number
    return {
        "round": number,
        "candidates": 4000,
        "kept": kept,
        "votes": {k: round(v, 3) for k, v in votes.items()}
        | {"maximum": round(4.1 * std + 60 + 9 * number * draw.random(), 3)},
        "noise_std": std,
        "mean_similarity": round(0.7 + 0.02 * number, 3),
    }


def _gallery(draw: random.Random, labels: int) -> list[dict[str, Any]]:
    return [
        {
            "label": label_name(number % labels),
            "text": text,
            "origin": "public corpus" if number % 2 else "masked in-filling",
            "generator": "public corpus",
            "operator": None if number % 2 else "masked in-filling",
            "parent": None if number % 2 else TEXTS[number - 1],
            "dependence": "dp",
            "weight": round(0.4 + draw.random(), 3),
            "parents": 0 if number % 2 else 1,
            "accepted_round": 1 + number % 6,
        }
        for number, text in enumerate(TEXTS)
    ]


def main() -> None:
    """Write the vector beside this script."""
    Path(__file__).with_name("report_data.json").write_text(report_json(ReportData(**report_data())), encoding="utf-8")


if __name__ == "__main__":
    main()
