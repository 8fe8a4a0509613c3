"""Made-up figures for the parts of a report that tell of vetting, audit, de-identification and cards.

No figure here was measured. Every text is invented.
"""

import math
from typing import Any

from fedaug.privacy.wilson import wilson


def vetting() -> dict[str, Any]:
    """Gates of both classes that may decide, with reasons."""
    return {
        "offered": 9240,
        "accepted": 5873,
        "gates": [
            {"gate": "length", "class": "F", "refused": 212, "reasons": {"too-short": 180, "too-long": 32}},
            {"gate": "duplicate", "class": "F", "refused": 1904, "reasons": {"duplicate": 304, "near-duplicate": 1600}},
            {"gate": "contamination", "class": "F", "refused": 0, "reasons": {}},
            {"gate": "identifier", "class": "F", "refused": 41, "reasons": {"identifier": 40, "not-checked": 1}},
            {"gate": "support", "class": "D", "refused": 1210, "reasons": {"unsupported": 1210}},
        ],
        "arrived": 640,
        "quarantined": 3,
    }


def anomalies(names: list[str]) -> dict[str, Any]:
    """Two checks of the last site found something; nothing was done about it."""
    flag = {"site": names[-1], "false_alarm": 0.001, "set_aside": False}
    return {
        "rule": "trimmed-mean",
        "hostile": 1,
        "on_anomaly": "flag",
        "false_alarm": 0.001,
        "checks": 14 * len(names),
        "flags": [
            flag | {"check": "sums-against-the-others", "release": "statistics", "figure": -0.31, "threshold": 0.1},
            flag | {"check": "votes-on-one-candidate", "release": "votes/0", "figure": 812.4, "threshold": 301.7},
        ],
    }


def audit(names: list[str], *, noise: bool = True, above: bool = False) -> dict[str, Any]:
    """An audit in which no site, or the first one, is above its claim; with the noise off it is plainly seen."""
    sites = {}
    for place, name in enumerate(names):
        bad = above and not place
        correct = 400 if not noise or bad else 215 + place
        sites[name] = {
            "claimed_epsilon": 3.97 if noise else None,
            "lower_bound": 4.06 if correct == 400 else round(0.02 * place, 2),
            "ceiling": 4.06,
            "guesses": 400,
            "correct": correct,
        }
    return {
        "canaries": 400,
        "confidence": 0.999,
        "sites": sites,
        "membership": {
            "attack": "nearest sample",
            "members": 500,
            "non_members": 500,
            "tpr_at_1pct_fpr": 0.014,
            "interval": [0.0068, 0.0286],
            "auc": 0.506,
        },
        "attacked": [attacked("canaries, against those that coins left out")],
        "identifiers": {
            "class": "F",
            "populations": ["planted", "planted"],
            "records": 100,
            "planted": 25,
            "left": 1,
            "controls_left": 0,
            "interval": [0.001, 0.2035],
            "types": {"MEDICAL_RECORD_NUMBER": 1, "US_SSN": 0},
        },
        "passed": not above,
    }


def attacked(on: str) -> dict[str, Any]:
    """Attacks on samples: one that found a leak, one by ranks, and one that was not tried."""
    whom = {"class": "F", "populations": ["planted", "planted"], "members": 500, "controls": 500}
    return {
        "on": on,
        "samples": 5873,
        "attacks": [
            whom
            | {"attack": "membership by nearest-sample density", "successes": 7, "control_successes": 5, "auc": 0.506}
            | {"interval": [-0.0204, 0.031], "detected": False, "detectable": 0.059},
            whom
            | {"attack": "singling-out", "successes": 61, "control_successes": 12, "risk": 0.1004}
            | {"interval": [0.0561, 0.1458], "detected": True, "detectable": 0.075},
        ],
        "distances": {
            "class": "F",
            "populations": ["planted", "planted"],
            "caution": "Distances are no evidence of privacy.",
            "to_members": [0.6, 0.91, 1.2],
            "to_held_out": [0.61, 0.92, 1.21],
            "nearer_to_members": 0.511,
            "interval": [0.498, 0.524],
            "ratio": 0.97,
        },
        "skipped": [{"attack": "attribute-inference", "why": "all records have one label"}],
        "notes": ["Singling out combines words of a text and its label."],
    }


def deidentification() -> dict[str, Any]:
    """Recall per type, from some identifiers to many."""
    types = {
        "PERSON": (812, 0.991),
        "DATE_TIME": (655, 0.986),
        "LOCATION": (301, 0.955),
        "PHONE_NUMBER": (120, 1.0),
        "MEDICAL_RECORD_NUMBER": (44, 0.9773),
        "ORGANIZATION": (190, 0.84),
        "AGE": (12, 0.9167),
    }
    return {
        "policy": "hipaa-safe-harbor",
        "note": "Letters and notes that were made up for this purpose.",
        "types": {name: _recall(count, share) for name, (count, share) in types.items()},
        "overall": _recall(2134, 0.972),
        "documents": {"with_identifiers": 240, "without_leak": 211, "interval": wilson(211 / 240, 240)},
        "language": "en",
        "fingerprint": "3f" * 32,
        "quarantined": 1,
        "labelled": 251,
    }


def _recall(count: int, share: float) -> dict[str, Any]:
    return {"labelled": count, "recall": share, "interval": wilson(share, count)}


def cards(labels: int, *, noise: bool = True) -> dict[str, Any]:
    """A pool and its student."""
    return {
        "data": {
            "task": "text-classification",
            "samples": 5873,
            "texts": 5640,
            "labels": labels,
            "labels_empty": 0,
            "per_label": {"p5": 31, "p50": 80, "p95": 80, "maximum": 80},
            "characters": {"p5": 18, "p50": 52, "p95": 131, "maximum": 402},
            "origins": {"public-corpus (clinc150)": 2101, "splice": 2512, "word-swap": 1260},
            "dependence": {"dp": 5873},
            "licences": [{"name": "clinc150", "title": "CLINC150: queries over 150 intents", "licence": "CC BY 3.0"}],
            "uses": ["training classifiers of the campaign’s labels"],
            "limits": ["telling how often a label occurs: the pool is balanced by design"],
        },
        "student": {
            "name": "text with the DP class sums as prior",
            "kind": "linear",
            "base": "all-MiniLM-L6-v2",
            "base_licence": "Apache-2.0",
            "trained_on": 5640,
            "labels": labels,
            "metric": "accuracy",
            "score": 0.613,
            "interval": [0.588, 0.637],
            "macro_f1": 0.598,
            "epsilon": 3.97 if noise else "inf",
            "delta": 1e-5,
            "weakest": [{"label": "change_pin", "accuracy": 0.05, "support": 20}],
            "never_right": 1,
            "uses": ["sorting questions like those of the sites"],
            "limits": ["deciding by itself about a person"],
        },
    }


def budgets(noise: bool) -> list[dict[str, Any]]:
    """The run beside others of its campaign."""
    runs = [(1.0, 0.511), (2.0, 0.566), (3.97, 0.613), (8.0, 0.664), (math.inf, 0.722)]
    return [
        {
            "name": f"banking, ε {epsilon:g}",
            "epsilon": "inf" if math.isinf(epsilon) else epsilon,
            "student": student,
            "gap_closed": round((student - 0.482) / (0.891 - 0.482), 4),
        }
        for epsilon, student in runs
        if noise
    ]
