"""Row 3: Spanish clinical reports, strict spans without regard to type, as the published systems are scored."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from benchmarks.deid.corpora import drawn, meddocan
from benchmarks.deid.detection import summary
from benchmarks.deid.rows import Options, Row
from benchmarks.deid.systems import ours
from fedaug.errors import QuarantinedRecord
from fedaug.privacy.deid.scoring import Scorer, f_beta
from fedaug.privacy.deid.spans import Span, resolve

LEAST_F1 = 0.85
GOAL_F1 = 0.93
#: Strict spans with type, on the test part, by the model cards of bsc-bio-ehr-es, mdeberta-v3-base, roberta-large-bne.
PUBLISHED = {"bsc-bio-ehr-es": 0.961, "mdeberta-v3-base": 0.974, "roberta-large-bne": 0.977}


def row(options: Options) -> Row:
    """Strict, merged and overlapping spans, and characters, on the development part."""
    texts = drawn(meddocan(), options.limit)
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
