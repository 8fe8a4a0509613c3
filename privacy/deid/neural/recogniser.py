"""The tagger as a recogniser of Presidio's, so that its ``AnalyzerEngine`` can use it beside any other."""

from __future__ import annotations

from fedaug.privacy.deid.neural.tagger import Tagger
from fedaug.privacy.deid.recognisers import EntityRecognizer, RecognizerResult


class NeuralRecogniser(EntityRecognizer):
    """Presidio's face of a tagger, one text at a time.

    Args:
        tagger: Loaded once, and shared by all that use it.
    """

    def __init__(self, tagger: Tagger) -> None:
        self._tagger = tagger
        super().__init__(
            supported_entities=list(tagger.card.labels),
            name="NeuralRecogniser",
            supported_language=tagger.card.language,
        )

    def load(self) -> None:
        """Nothing: the tagger is loaded."""

    def analyze(self, text: str, entities: list[str], nlp_artifacts: object = None) -> list[RecognizerResult]:
        """What the tagger finds, of the types asked for.

        Args:
            text: Any text.
            entities: The types asked for; none means all.
            nlp_artifacts: Presidio's own analysis of the text, which is not needed.
        """
        return [
            RecognizerResult(span.entity_type, span.start, span.end, span.score)
            for span in self._tagger.tag([text])[0]
            if not entities or span.entity_type in entities
        ]
