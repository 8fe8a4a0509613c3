"""Row 1 under a policy: what of the identifiers is changed in the text that leaves, and not only found."""

from __future__ import annotations

from collections import Counter
from typing import Any

from benchmarks.deid.systems import Findings
from fedaug.errors import QuarantinedRecord
from fedaug.privacy.deid.operators.replace import Replacer
from fedaug.privacy.deid.policies import DeidPolicy
from fedaug.privacy.deid.scoring import LabelledText, Score
from fedaug.privacy.deid.spans import Span, resolve


class UnderPolicy:
    """Labels and findings of which a policy changes nothing are left out, text by text.

    A label that the policy would leave as it stands even if it were found exactly is kept by decision: titles, or an
    age under 90, or a date that is a year. A finding that it leaves as it stands hides nothing: a name that was found
    as a title counts as a leak.

    Args:
        policy: Without secrets: one that needs keys has no result to compare.
        language: Two letters.
    """

    def __init__(self, policy: DeidPolicy, language: str = "en") -> None:
        self._policy, self._language, self._replacer = policy, language, Replacer(policy)
        self.kept: Counter[str] = Counter()

    def __call__(self, labelled: LabelledText, found: Findings) -> tuple[LabelledText, Findings]:
        text = labelled.text
        wanted = tuple(span for span in labelled.spans if self._changes(text, [span]))
        self.kept += Counter(span.entity_type for span in labelled.spans) - Counter(span.entity_type for span in wanted)
        if isinstance(found, QuarantinedRecord):
            return LabelledText(text, wanted), found
        taken_out = [span for span in found if self._policy.takes_out(span.entity_type)]
        merged = [
            whole
            for whole in resolve(taken_out)
            if self._changes(text, [part for part in taken_out if whole.start <= part.start < whole.end])
        ]
        return LabelledText(text, wanted), merged

    def figures(self, score: Score, whole: Score) -> dict[str, Any]:
        """What is shown of a score of labels and findings that this has narrowed."""
        characters, person = score.overall["characters"], score.types.get("PERSON")
        return {
            "recall": characters.recall,
            "recall_interval": characters.recall_interval,
            "person_recall": person["characters"].recall if person else None,
            "whole": whole.documents.share,
            "whole_interval": whole.documents.interval,
            "whole_of": whole.documents.with_identifiers,
            "labels_kept_by_decision": dict(self.kept.most_common()),
        }

    def _changes(self, text: str, spans: list[Span]) -> bool:
        return self._replacer.replace(text, spans, language=self._language) != text
