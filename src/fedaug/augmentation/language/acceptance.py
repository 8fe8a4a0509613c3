"""Which sampled texts are of use: whole, plain, and different from those of their label already taken."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

from fedaug.augmentation.language.sampling import Sample
from fedaug.privacy.vetting.words import words

#: Two texts that share this much of their words (Jaccard index of the sets) say the same.
NEAR: Final = 0.8
_LEAST_WORDS: Final = 3
_MARKUP: Final = re.compile(r"[{}|<>\[\]\\^~\ue000-\uf8ff]|___|##|https?:")
_SENTENCES: Final = re.compile(r".*[.!?](?=[\s\"')]|$)", re.DOTALL)


class Reason(StrEnum):
    """Why a text was not taken."""

    CUT_SHORT = "cut short"
    TOO_SHORT = "too short"
    MARKUP = "markup"
    LABEL_ONLY = "the label's words only"
    NEAR_DUPLICATE = "near duplicate"


class Acceptance:
    """Takes texts of one label, each different from those before it.

    Args:
        label: Whose texts they are; its own words alone are no text.
    """

    def __init__(self, label: str) -> None:
        self.texts: list[str] = []
        self._label = frozenset(words(label.replace("_", " ")))
        self._taken: list[frozenset[str]] = []

    def take(self, sample: Sample) -> Reason | None:
        """Take a text, or say why not."""
        text = sample.text.strip().strip('"').strip()
        if not sample.ended:
            whole = _SENTENCES.match(text)
            if whole is None:
                return Reason.CUT_SHORT
            text = whole[0]
        if not text.isprintable() or _MARKUP.search(text):
            return Reason.MARKUP
        said = words(text)
        if len(said) < _LEAST_WORDS:
            return Reason.TOO_SHORT
        found = frozenset(said)
        if found <= self._label:
            return Reason.LABEL_ONLY
        if any(len(found & other) >= NEAR * len(found | other) for other in self._taken):
            return Reason.NEAR_DUPLICATE
        self._taken.append(found)
        self.texts.append(text)
        return None
