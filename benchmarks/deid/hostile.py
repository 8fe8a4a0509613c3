"""Row 7: texts made to break, stall or slip past de-identification: no crash, bounded time, stated behaviour."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

from tests.hostile_texts import DISGUISED, HIDDEN, HOSTILE

from benchmarks.deid.rows import Options, Row
from benchmarks.deid.systems import Find, presidio
from fedaug.errors import QuarantinedRecord
from fedaug.privacy.deid import Deidentifier
from fedaug.privacy.deid.policies import load_policy
from fedaug.privacy.deid.policies.load import DEFAULT_POLICY
from fedaug.privacy.deid.spans import Span

LEAST_TEXTS = 50
#: Processor time for one text, in seconds and in seconds per million characters: about 20 of the latter for notes, and
#: 60 to 75 where every character is a word to the neural recogniser. A pattern that backtracks would take hours.
PATIENCE_S, PATIENCE_S_PER_MB = 5.0, 120.0
_LONG_CHARS = 50_000  # on shorter texts, seconds per million characters say little
_SHOWN = 10
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
    patient = all(taken < PATIENCE_S + PATIENCE_S_PER_MB * len(HOSTILE[name]) / 1e6 for name, taken in seconds.items())
    per_mb = {name: 1e6 * seconds[name] / len(HOSTILE[name]) for name in names if len(HOSTILE[name]) >= _LONG_CHARS}
    required = {name: count for name, count in left.items() if name not in DISGUISED}
    hidden = sum(len(pieces) for name, pieces in HIDDEN.items() if name in names and name not in DISGUISED)
    figures: dict[str, Any] = {
        "outcomes": dict(outcomes),
        "slowest": slowest,
        "slowest_seconds": seconds[slowest],
        "seconds": sum(seconds.values()),
        "seconds_per_million_characters": dict(sorted(per_mb.items(), key=lambda pair: -pair[1])[:_SHOWN]),
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
            f"below {PATIENCE_S:.0f} s and {PATIENCE_S_PER_MB:.0f} s per million characters each": patient,
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
        found = _by_presidio(find, text) if len(text) <= _PRESIDIO_CHARS else []
        covered = {place for span in found for place in range(span.start, span.end)}
        for piece in HIDDEN[name]:
            start = text.find(piece)
            left += any(place not in covered for place in range(start, start + len(piece)))
    return left


def _by_presidio(find: Find, text: str) -> list[Span]:
    try:
        found = find([text])[0]
    except UnicodeEncodeError:  # its tokeniser raises on half a character; nothing is found then
        return []
    return [] if isinstance(found, QuarantinedRecord) else list(found)
