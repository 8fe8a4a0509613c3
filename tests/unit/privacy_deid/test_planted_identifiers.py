"""How many planted identifiers the rule layer alone takes out of made-up notes, whole."""

from __future__ import annotations

from collections import Counter

from fedaug.augmentation.generators.clinical_notes import clinical_notes
from fedaug.privacy.deid.pattern_layer import PatternLayer


def test_rules_cover_planted_identifiers_without_a_model() -> None:
    layer = PatternLayer("en", limit_s=5)
    planted: Counter[str] = Counter()
    covered: Counter[str] = Counter()
    for note in clinical_notes(1_000, seed=7):
        found = layer.find(note.section_text)
        assert found is not None
        places = {place for span in found for place in range(span.start, span.end)}
        for span in note.identifiers:
            planted[span.type] += 1
            covered[span.type] += places.issuperset(range(span.start, span.end))
    assert min(planted.values()) >= 10
    share = {kind: covered[kind] / count for kind, count in planted.items()}
    assert share["EMAIL_ADDRESS"] == share["ID"] == share["PHONE_NUMBER"] == 1
    assert share["DATE_TIME"] >= 0.95
    # Names without a title, a label or a list beside them are the neural recogniser's.
    assert 0.9 <= share["PERSON"] < 1
