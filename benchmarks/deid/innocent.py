"""Row 2: what is flagged where little should be, and what de-identification costs a student."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from benchmarks.deid.corpora import disease_sentences, drawn, labelled_sections, table
from benchmarks.deid.detection import scores, summary
from benchmarks.deid.rows import Options, Row
from benchmarks.deid.student import compared
from benchmarks.deid.systems import Find, Findings, ours, presidio, presidio_with_names
from fedaug.errors import QuarantinedRecord
from fedaug.privacy.deid.policies import load_policy
from fedaug.privacy.deid.policies.load import DEFAULT_POLICY
from fedaug.privacy.deid.scoring import LabelledText
from fedaug.privacy.deid.spans import resolve

_TOKEN = re.compile(r"[^\W_]+")  # a run of letters and digits
MOST_TOKENS = 0.01
MOST_MENTIONS = 0.02
MOST_LOSS = 0.03


def row(options: Options) -> Row:
    """Tokens flagged in note sections, disease mentions flagged in abstracts, and a student before and after."""
    records = table("mts_dialog/train.csv")
    sections = drawn([record["section_text"] for record in records], options.limit)
    sentences = drawn(disease_sentences(), options.limit)
    systems = {"ours": ours(), "presidio": presidio(), "presidio_names": presidio_with_names()}
    figures: dict[str, Any] = {}
    for name, find in systems.items():
        figures[name] = {**tokens_flagged(find, sections), **mentions_flagged(find, sentences)}
    labelled = drawn(labelled_sections(), options.limit)
    for name, find in systems.items():
        figures[name]["labelled"] = {**summary(*scores(find, labelled, 1)), **false_alarms(find, labelled)}
    figures["student"] = student = compared(drawn(records, options.limit))
    mine = figures["ours"]
    return Row(
        name="innocent",
        unit="share of mts_dialog tokens flagged",
        ours=mine["tokens_flagged"],
        alternative=figures["presidio_names"]["tokens_flagged"],
        figures=figures,
        bars={
            "mts_dialog tokens flagged at most 1 %, true identifiers included": mine["tokens_flagged"] <= MOST_TOKENS,
            "of labelled sections at most 1 % of tokens flagged that identify nobody": (
                mine["labelled"]["false_tokens"] <= MOST_TOKENS
            ),
            "disease mentions flagged at most 2 %": mine["mentions_flagged"] <= MOST_MENTIONS,
            "the student's loss is below 3 points": student["difference_interval"][0] > -MOST_LOSS,
        },
        settings={"sections": len(sections), "sentences": len(sentences), "policy": DEFAULT_POLICY},
        larger_is_better=False,
    )


def tokens_flagged(find: Find, texts: Sequence[str]) -> dict[str, Any]:
    """Share of tokens of which a finding covers any character, by type.

    The sections hold true dates, ages and names, which are flagged as they should be. ``tokens_taken_out`` leaves out
    types that the default policy keeps, such as nationalities.
    """
    policy = load_policy(DEFAULT_POLICY)
    total = changed = 0
    by_type: Counter[str] = Counter()
    for text, found in zip(texts, find(texts), strict=True):
        kinds = _kind_by_position(found)
        for token in _TOKEN.finditer(text):
            total += 1
            hit = next((kinds[place] for place in range(*token.span()) if place in kinds), None)
            if hit is not None:
                by_type[hit] += 1
                changed += policy.takes_out(hit)
    return {
        "tokens": total,
        "tokens_flagged": by_type.total() / total,
        "tokens_taken_out": changed / total,
        "tokens_flagged_by_type": {kind: count / total for kind, count in by_type.most_common()},
    }


def mentions_flagged(find: Find, sentences: Sequence[Any]) -> dict[str, Any]:
    """Share of disease mentions of which a finding covers any letter or digit."""
    total = hits = 0
    by_type: Counter[str] = Counter()
    for sentence, found in zip(sentences, find([one.text for one in sentences]), strict=True):
        kinds = _kind_by_position(found)
        for start, end in sentence.mentions:
            total += 1
            hit = next((kinds[p] for p in range(start, end) if p in kinds and sentence.text[p].isalnum()), None)
            if hit is not None:
                hits += 1
                by_type[hit] += 1
    return {
        "mentions": total,
        "mentions_flagged": hits / total,
        "mentions_flagged_by_type": {kind: count / total for kind, count in by_type.most_common()},
    }


def false_alarms(find: Find, texts: Sequence[LabelledText]) -> dict[str, float]:
    """Share of tokens that identify somebody by the labels of one reading, and of those flagged that do not."""
    total = true = false = 0
    for one, found in zip(texts, find([text.text for text in texts]), strict=True):
        kinds = _kind_by_position(found)
        marked = {place for span in one.spans for place in range(span.start, span.end)}
        for token in _TOKEN.finditer(one.text):
            places = range(*token.span())
            identifies = any(place in marked for place in places)
            total += 1
            true += identifies
            false += not identifies and any(place in kinds for place in places)
    return {"identifying_tokens": true / total, "false_tokens": false / total}


def _kind_by_position(found: Findings) -> dict[int, str]:
    if isinstance(found, QuarantinedRecord):
        raise found
    return {place: span.entity_type for span in resolve(found) for place in range(span.start, span.end)}
