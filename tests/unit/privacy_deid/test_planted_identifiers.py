"""How many planted identifiers the recognisers take out of made-up notes: what de-identification is now, and is not."""

from __future__ import annotations

from collections import Counter

from fedaug.augmentation.generators.clinical_notes import clinical_notes
from fedaug.privacy.deid import Deidentifier


def test_patterns_go_and_names_stay() -> None:
    deidentifier = Deidentifier()
    planted: Counter[str] = Counter()
    removed: Counter[str] = Counter()
    for note in clinical_notes(1_000, seed=7):
        text = deidentifier.deidentify(note.section_text)
        for span in note.identifiers:
            planted[span.type] += 1
            removed[span.type] += note.section_text[span.start : span.end] not in text
    assert min(planted.values()) >= 10
    share = {kind: removed[kind] / count for kind, count in planted.items()}
    assert share["EMAIL_ADDRESS"] == share["ID"] == 1
    assert share["PHONE_NUMBER"] >= 0.9
    assert share["DATE_TIME"] >= 0.5
    # No recogniser of names runs without a model; docs/promise.md says so, and this fails once one does.
    assert share["PERSON"] == 0
