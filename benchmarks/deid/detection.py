"""Row 1: what is found of labelled identifiers, against Presidio, on the same texts in one run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from benchmarks.deid.corpora import DENSE, drawn, notes, presidio_synth
from benchmarks.deid.rows import Options, Row
from benchmarks.deid.systems import Find, Findings, model, ours, presidio, presidio_with_names
from benchmarks.deid.under_policy import UnderPolicy
from fedaug.errors import QuarantinedRecord
from fedaug.privacy.deid.entities import ENTITIES
from fedaug.privacy.deid.policies import load_policy
from fedaug.privacy.deid.policies.load import DEFAULT_POLICY
from fedaug.privacy.deid.scoring import LabelledText, Score, Scorer

NOTES = 1_000
TRAITS = frozenset(name for name, entity in ENTITIES.items() if entity.kind == "trait")
LEAST = {"recall": 0.98, "precision": 0.90, "person recall": 0.98}
#: Identifiers that a text holds at least of which the share without a leak is shown.
WHOLE = {"presidio_synth": 1, "notes": DENSE}
LEAST_WHOLE = {"presidio_synth": 0.95, "notes": 0.70}

#: Labels and findings of one text -> those of them that count.
Narrowed = Callable[[LabelledText, Findings], tuple[LabelledText, Findings]]


def row(options: Options) -> Row:
    """Scores of all systems on presidio_synth's validation half and on made-up notes."""
    corpora = {
        "presidio_synth": drawn(presidio_synth(), options.limit),
        "notes": notes(min(NOTES, options.limit or NOTES)),
    }
    systems = {"ours": ours(), "presidio": presidio(), "presidio_names": presidio_with_names()}
    if options.layers:
        systems["ours_without_neural"] = ours(neural=False)
    figures = {
        corpus: {name: summary(*scores(find, texts, WHOLE[corpus])) for name, find in systems.items()}
        for corpus, texts in corpora.items()
    }
    default = load_policy(DEFAULT_POLICY)
    find = ours(policy=default)
    for corpus, texts in corpora.items():
        narrowed = UnderPolicy(default)
        changed = narrowed.figures(*scores(find, texts, WHOLE[corpus], narrowed))
        figures[corpus]["ours"]["under_default_policy"] = changed
    headline = figures["presidio_synth"]
    return Row(
        name="detection",
        unit="share of labelled letters and digits that are covered, presidio_synth",
        ours=headline["ours"]["recall"],
        alternative=headline["presidio_names"]["recall"],
        figures=figures,
        bars={bar: met for corpus in figures for bar, met in bars(corpus, figures[corpus]["ours"]).items()},
        settings={
            "texts": {name: len(texts) for name, texts in corpora.items()},
            "dense": DENSE,
            "model": model(),
            "default_policy": DEFAULT_POLICY,
        },
    )


def scored(find: Find, texts: Sequence[LabelledText]) -> Score:
    """One system's score."""
    return scores(find, texts, 0)[0]


def scores(
    find: Find, texts: Sequence[LabelledText], least: int, narrowed: Narrowed | None = None
) -> tuple[Score, Score]:
    """One system's score on all texts, and on those in which so many identifiers at least are labelled.

    Args:
        find: The system.
        texts: With their labels.
        least: How many identifiers a text of the second score holds.
        narrowed: Which labels and findings count; if None, all of types that the corpus labels anywhere.
    """
    everything, some = Scorer(), Scorer()
    narrowed = narrowed or _without_silent(texts)
    for labelled, found in zip(texts, find([text.text for text in texts]), strict=True):
        counted = narrowed(labelled, found)
        everything.add(*counted)
        if len(labelled.spans) >= least:
            some.add(*counted)
    return everything.score(), some.score()


def _without_silent(texts: Sequence[LabelledText]) -> Narrowed:
    """A corpus that labels no titles or nationalities says nothing of findings of them: they count neither way."""
    silent = TRAITS - {span.entity_type for text in texts for span in text.spans}

    def narrowed(labelled: LabelledText, found: Findings) -> tuple[LabelledText, Findings]:
        if isinstance(found, QuarantinedRecord):
            return labelled, found
        return labelled, [span for span in found if span.entity_type not in silent]

    return narrowed


def summary(score: Score, whole: Score) -> dict[str, Any]:
    """The figures that are shown of a score.

    Args:
        score: Of all texts.
        whole: Of those texts that are asked to come through whole.
    """
    characters, person = score.overall["characters"], score.types.get("PERSON", {})
    return {
        "recall": characters.recall,
        "recall_interval": characters.recall_interval,
        "precision": characters.precision,
        "precision_interval": characters.precision_interval,
        "f2": characters.f2,
        "span_recall": score.overall["overlap"].recall,
        "span_precision": score.overall["overlap"].precision,
        "typed_recall": score.overall["typed"].recall,
        "person_recall": person["characters"].recall if person else None,
        "person_span_recall": person["overlap"].recall if person else None,
        "whole": whole.documents.share,
        "whole_interval": whole.documents.interval,
        "whole_of": whole.documents.with_identifiers,
        "quarantined": score.documents.quarantined,
        "types": {
            kind: {
                "labelled": levels["overlap"].counts.labelled,
                "found": levels["overlap"].counts.found,
                "recall": levels["characters"].recall,
                "span_recall": levels["overlap"].recall,
                "span_recall_interval": levels["overlap"].recall_interval,
                "typed_recall": levels["typed"].recall,
                "precision": levels["overlap"].precision,
            }
            for kind, levels in score.types.items()
        },
    }


def bars(corpus: str, figures: dict[str, Any]) -> dict[str, bool]:
    """What must be shown on a corpus; a text that is set aside counts against it, since nobody gets it."""
    met = {name: figures[name.replace(" ", "_")] or 0.0 for name in LEAST}
    return {
        **{f"{corpus}: {name} {least:.2f}": met[name] >= least for name, least in LEAST.items()},
        f"{corpus}: whole {LEAST_WHOLE[corpus]:.2f}": (figures["whole"] or 0.0) >= LEAST_WHOLE[corpus],
        f"{corpus}: none set aside": figures["quarantined"] == 0,
    }
