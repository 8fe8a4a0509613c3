"""Row 3: Spanish clinical reports, strict spans without regard to type, as the published systems are scored.

The parts are the publishers' own, and the same doctors sign reports of both: three in ten names of the
development part stand in the training part too. So the recall of people is also shown by whether a name is new, and the
F1 of those reports that share no run of thirteen words with any report of the training part.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from benchmarks.deid import overlap
from benchmarks.deid.corpora import drawn, meddocan
from benchmarks.deid.detection import summary
from benchmarks.deid.rows import Options, Row
from benchmarks.deid.systems import Findings, ours
from fedaug.errors import QuarantinedRecord
from fedaug.privacy.deid.scoring import LabelledText, Scorer, f_beta
from fedaug.privacy.deid.spans import Span, resolve

LEAST_F1 = 0.85
GOAL_F1 = 0.93
#: Strict spans with type, on the test part, by the model cards of bsc-bio-ehr-es, mdeberta-v3-base, roberta-large-bne.
PUBLISHED = {"bsc-bio-ehr-es": 0.961, "mdeberta-v3-base": 0.974, "roberta-large-bne": 0.977}

_WORD = re.compile(r"[^\W\d_]{2,}")  # without initials
_PARTICLES = frozenset({"de", "del", "la", "las", "los"})


def row(options: Options) -> Row:
    """Strict, merged and overlapping spans, and characters, on the development part."""
    texts = drawn(meddocan(), options.limit)
    trained = meddocan("train")
    found = ours(language="es")([text.text for text in texts])
    scorer = Scorer()
    merged = [0, 0, 0]
    for labelled, spans in zip(texts, found, strict=True):
        scorer.add(labelled, spans)
        if not isinstance(spans, QuarantinedRecord):
            gold, mine = (set(joined(labelled.text, part)) for part in (labelled.spans, resolve(spans)))
            merged = [merged[0] + len(gold & mine), merged[1] + len(gold), merged[2] + len(mine)]
    score = scorer.score()
    strict = score.overall["strict"]
    f1 = f_beta(strict.precision, strict.recall, beta=1.0)
    figures: dict[str, Any] = {
        "strict_f1": f1,
        "strict_precision": strict.precision,
        "strict_recall": strict.recall,
        "strict_typed_f1": f_beta(*_both(score.overall["strict_typed"]), beta=1.0),
        "merged_f1": f_beta(merged[0] / (merged[2] or 1), merged[0] / (merged[1] or 1), beta=1.0),
        "overlap_f1": f_beta(*_both(score.overall["overlap"]), beta=1.0),
        "strict_f1_of_reports_apart": reports_apart(trained, texts, found),
        "names": names_by_novelty(trained, texts, found),
        **summary(score, score),
        "published_test_strict_f1": PUBLISHED,
    }
    return Row(
        name="spanish",
        unit="F1 of strict spans, type ignored, meddocan_es dev",
        ours=f1,
        alternative=max(PUBLISHED.values()),
        figures=figures,
        bars={f"strict F1 {LEAST_F1:.2f}": (f1 or 0.0) >= LEAST_F1},
        settings={"texts": len(texts), "goal": GOAL_F1},
    )


def reports_apart(
    trained: Sequence[LabelledText], texts: Sequence[LabelledText], found: Sequence[Findings]
) -> dict[str, Any]:
    """Strict F1 of the reports that share no run of words with the training part."""
    indexed = overlap.index({"train": [text.text for text in trained]})
    scorer, count = Scorer(), 0
    for labelled, spans in zip(texts, found, strict=True):
        if not overlap.shared([labelled.text], indexed):
            scorer.add(labelled, spans)
            count += 1
    return {"reports": count, "f1": f_beta(*_both(scorer.score().overall["strict"]), beta=1.0)}


def names_by_novelty(
    trained: Sequence[LabelledText], texts: Sequence[LabelledText], found: Sequence[Findings]
) -> dict[str, Any]:
    """Recall of people by letter: of names that the training part has, that it lacks, and of which it lacks each word.

    A name is in the training part if it stands anywhere in its texts, whatever its case, and a word of a name if it
    stands in any labelled name there; initials and "de la" are no words.
    """
    running = "\n".join(_plain(text.text) for text in trained)
    words = {
        word for text in trained for span in text.spans if span.entity_type == "PERSON" for word in _words(text, span)
    }
    scorers = {"seen": Scorer(), "new": Scorer(), "of_new_words": Scorer()}
    for labelled, spans in zip(texts, found, strict=True):
        kinds: dict[str, list[Span]] = {kind: [] for kind in scorers}
        for span in labelled.spans:
            if span.entity_type == "PERSON":
                seen = _plain(labelled.text[span.start : span.end]) in running
                kinds["seen" if seen else "new"].append(span)
                if words.isdisjoint(_words(labelled, span)):
                    kinds["of_new_words"].append(span)
        for kind, names in kinds.items():
            scorers[kind].add(LabelledText(labelled.text, tuple(names)), spans)
    figures: dict[str, Any] = {}
    for kind, scorer in scorers.items():
        overall = scorer.score().overall
        figures[kind] = {
            "names": overall["overlap"].counts.labelled,
            "recall": overall["characters"].recall,
            "recall_interval": overall["characters"].recall_interval,
            "span_recall": overall["overlap"].recall,
        }
    both = figures["seen"]["names"] + figures["new"]["names"]
    return {"share_seen_in_training": figures["seen"]["names"] / both if both else None, **figures}


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def _words(labelled: LabelledText, span: Span) -> set[str]:
    return {word.casefold() for word in _WORD.findall(labelled.text[span.start : span.end])} - _PARTICLES


def joined(text: str, spans: Iterable[Span]) -> list[tuple[int, int]]:
    """Spans with those made one between which stand no letters or digits: the task's "merged" measure."""
    places: list[tuple[int, int]] = []
    for span in sorted(spans):
        if places and not any(map(str.isalnum, text[places[-1][1] : span.start])):
            places[-1] = (places[-1][0], max(places[-1][1], span.end))
        else:
            places.append((span.start, span.end))
    return places


def _both(found: Any) -> Sequence[float | None]:  # noqa: ANN401
    return found.precision, found.recall
