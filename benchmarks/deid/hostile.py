"""Row 7: texts made to break, stall or slip past de-identification: no crash, bounded time, stated behaviour."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

from tests.hostile_texts import DISGUISED, HIDDEN, HOSTILE

from benchmarks.deid.rows import Options, Row
from benchmarks.deid.systems import presidio
from fedaug.errors import QuarantinedRecord
from fedaug.privacy.deid import Deidentifier
from fedaug.privacy.deid.policies import load_policy
from fedaug.privacy.deid.policies.load import DEFAULT_POLICY

LEAST_TEXTS = 50
PATIENCE_S = 60.0  # of processor time for one text: a pattern that backtracks would take hours
_PRESIDIO_CHARS = 20_000  # Presidio is asked about texts up to here: on longer ones it takes minutes


def row(options: Options) -> Row:
    """What becomes of each text: de-identified, set aside, or a crash; and what it hid that is still there."""
    names = sorted(HOSTILE)[: options.limit]
    worker = Deidentifier(load_policy(DEFAULT_POLICY))
    worker.deidentify("warm up")
    outcomes: Counter[str] = Counter()
    seconds: dict[str, float] = {}
    left: dict[str, int] = {}
    for name in names:
        began = time.process_time()
        outcomes[_outcome(worker, name, left)] += 1
        seconds[name] = time.process_time() - began
    slowest = max(seconds, key=lambda name: seconds[name])
    required = {name: count for name, count in left.items() if name not in DISGUISED}
    hidden = sum(len(pieces) for name, pieces in HIDDEN.items() if name in names and name not in DISGUISED)
    figures: dict[str, Any] = {
        "outcomes": dict(outcomes),
        "slowest": slowest,
        "slowest_seconds": seconds[slowest],
        "longest_characters": max(len(HOSTILE[name]) for name in names),
        "hidden_pieces": hidden,
        "pieces_left": sum(required.values()),
        "texts_with_pieces_left": sorted(required),
        "disguised_texts_with_pieces_left": sorted(set(left) - set(required)),
        "presidio_pieces_left": _presidio_left(names),
    }
    return Row(
        name="hostile",
        unit="share of what hostile texts hide that is taken out",
        ours=1 - sum(required.values()) / hidden if hidden else None,
        alternative=1 - figures["presidio_pieces_left"] / hidden if hidden else None,
        figures=figures,
        bars={
            f"{LEAST_TEXTS} texts": len(names) >= LEAST_TEXTS,
            "no crash": not outcomes["crash"],
            f"below {PATIENCE_S:.0f} s each": seconds[slowest] < PATIENCE_S,
            "nothing hidden is left": not required,
        },
        settings={"texts": len(names), "policy": DEFAULT_POLICY},
    )


def _outcome(worker: Deidentifier, name: str, left: dict[str, int]) -> str:
    try:
        (outcome,) = worker.deidentify_many([HOSTILE[name]])
    except Exception:  # of any kind: none may escape
        return "crash"
    if isinstance(outcome, QuarantinedRecord):
        return "set aside"
    if standing := sum(piece in outcome.text for piece in HIDDEN.get(name, ())):
        left[name] = standing
    return "de-identified"


def _presidio_left(names: list[str]) -> int:
    """Pieces of which stock Presidio leaves some character."""
    find, left = presidio(), 0
    for name in names:
        text = HOSTILE[name]
        if name in DISGUISED or not HIDDEN.get(name):
            continue
        found = find([text])[0] if len(text) <= _PRESIDIO_CHARS else []
        covered = {
            place
            for span in found
            for place in range(span.start, span.end)  # type: ignore[union-attr]  # no reasons
        }
        for piece in HIDDEN[name]:
            start = text.find(piece)
            left += any(place not in covered for place in range(start, start + len(piece)))
    return left
