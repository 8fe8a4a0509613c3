"""Recognisers that a site adds: its lists, its patterns, and its own spaCy or Hugging Face model."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import spacy

from fedaug.errors import ConfigError
from fedaug.privacy.deid.additions import SiteAdditions
from fedaug.privacy.deid.propagate import WORD, Sought, occurrences
from fedaug.privacy.deid.recognisers import EntityRecognizer, RecogniserError, RecognizerResult
from fedaug.privacy.deid.rules import Rule, RuleRecogniser, SpanRecogniser
from fedaug.privacy.deid.spans import Span

#: What common models call what we call otherwise. A label that is neither here nor in _SKIPPED keeps its own name.
_LABELS: Final = {
    **dict.fromkeys(("PER", "PERSON", "PATIENT", "STAFF", "HCW", "DOCTOR", "NAME", "PS"), "PERSON"),
    **dict.fromkeys(("LOC", "LOCATION", "GPE", "LOCATION_OTHER", "LOCATION-OTHER", "CITY", "STATE", "LC"), "LOCATION"),
    **dict.fromkeys(("FAC", "HOSP", "HOSPITAL", "FACILITY"), "FACILITY"),
    **dict.fromkeys(("ORG", "ORGANIZATION", "PATORG", "VENDOR", "OG"), "ORGANIZATION"),
    **dict.fromkeys(("DATE", "DATES", "DATE_TIME", "DAT", "DT"), "DATE_TIME"),
    **dict.fromkeys(("PHONE", "CONTACT"), "PHONE_NUMBER"),
    **dict.fromkeys(("EMAIL",), "EMAIL_ADDRESS"),
    **dict.fromkeys(("NORP", "NRP"), "NRP"),
    **dict.fromkeys(("MEDICALRECORD", "IDNUM", "ID", "OTHERPHI", "OTHER"), "ID"),
}
#: Labels of general models that name no identifier.
_SKIPPED: Final = frozenset(
    {"O", "MISC", "CARDINAL", "ORDINAL", "PERCENT", "QUANTITY", "MONEY", "EVENT", "LAW", "LANGUAGE", "PRODUCT", "TIME"}
    | {"WORK_OF_ART"}
)
_PREFIX: Final = re.compile(r"^[BIELSU]-")
_OWN_TYPE: Final = re.compile(r"[^A-Z0-9_]")
_MODEL_SCORE: Final = 0.85  # spaCy gives none; Presidio's own figure


def recognisers_of(additions: SiteAdditions, language: str, *, limit_s: float) -> list[EntityRecognizer]:
    """The recognisers that a site's additions make.

    Args:
        additions: Checked settings; paths are absolute or start at the working directory.
        language: For which they run, a two-letter code.
        limit_s: Processor time, in seconds, after which one pattern on one text has failed.

    Raises:
        ConfigError: A list or model is missing or cannot be read.
    """
    made: list[EntityRecognizer] = []
    if additions.patterns:
        rules = [Rule(each.name, each.entity_type, each.pattern, each.score) for each in additions.patterns]
        made.append(RuleRecogniser(rules, language=language, limit_s=limit_s, name="SitePatterns", own=True))
    if additions.lists:
        sought = [
            Sought(words, each.entity_type, each.score, own=True)
            for each in additions.lists
            for words in _in_words(each.entries())
        ]
        made.append(ListRecogniser(sought, language=language))
    if additions.spacy_model is not None:
        made.append(SpacyModelRecogniser(additions.spacy_model, language=language))
    if additions.huggingface_model is not None:
        made.append(_hugging_face(additions.huggingface_model, language))
    return made


class ListRecogniser(SpanRecogniser):
    """Finds the strings of lists, by words and in any case; a hash look-up a word, whatever the lists' length.

    Args:
        sought: The lists' entries.
        language: A two-letter code.
    """

    def __init__(self, sought: Sequence[Sought], *, language: str) -> None:
        self._by_first: dict[str, list[Sought]] = {}
        for one in sought:
            self._by_first.setdefault(one.words[0], []).append(one)
        super().__init__(sorted({one.entity_type for one in sought}), supported_language=language, name="SiteLists")

    def find(self, text: str) -> list[Span]:
        """Everywhere that an entry stands in a text."""
        words = {match[0].lower() for match in WORD.finditer(text)}
        return occurrences(text, [one for word in words for one in self._by_first.get(word, ())])


class SpacyModelRecogniser(EntityRecognizer):
    """Finds what a spaCy pipeline of the site's own names.

    Args:
        folder: Where the pipeline is.
        language: For which it runs.

    Raises:
        ConfigError: There is no pipeline that names entities, or it cannot be loaded.
    """

    def __init__(self, folder: Path, *, language: str) -> None:
        try:
            self._pipeline: Any = spacy.load(folder)
            labels = [label for name in ("ner", "entity_ruler", "span_ruler") for label in self._labels(name)]
        except Exception as error:  # spaCy raises what a pipeline's parts raise
            raise ConfigError(
                f"deid.spacy_model cannot be loaded ({type(error).__name__})",
                "give the folder of a pipeline that this version of spaCy reads",
            ) from None
        if not labels:
            raise ConfigError("deid.spacy_model names no entities", "give a pipeline with a component ner")
        entities = sorted({kind for label in labels if (kind := _type_of(label)) is not None})
        super().__init__(entities, supported_language=language, name="SiteSpacyModel")

    def load(self) -> None:
        """Loaded when made."""

    def analyze(self, text: str, entities: Sequence[str], nlp_artifacts: object = None) -> list[RecognizerResult]:
        """The pipeline's entities."""
        del entities, nlp_artifacts
        with self._pipeline.memory_zone():  # else the vocabulary keeps every word of every record
            found = [
                (_type_of(entity.label_), entity.start_char, entity.end_char) for entity in self._pipeline(text).ents
            ]
        return [_result(kind, start, end, _MODEL_SCORE) for kind, start, end in found if kind is not None]

    def _labels(self, component: str) -> Iterable[str]:
        return self._pipeline.get_pipe(component).labels if component in self._pipeline.pipe_names else ()


def _hugging_face(folder: Path, language: str) -> EntityRecognizer:
    """Presidio's recogniser over a model on this machine; it takes safetensors only, since a pickle runs code."""
    # Imported here: transformers takes seconds to load, and few sites bring such a model.
    from presidio_analyzer.predefined_recognizers.ner import HuggingFaceNerRecognizer  # noqa: PLC0415
    from transformers.utils.logging import disable_progress_bar  # noqa: PLC0415

    if not any(folder.glob("*.safetensors")):
        raise ConfigError("deid.huggingface_model holds no .safetensors file", "save the model with safetensors")
    disable_progress_bar()  # type: ignore[no-untyped-call]  # transformers types it not
    try:
        labels = json.loads((folder / "config.json").read_bytes())["id2label"].values()
        names = {_PREFIX.sub("", str(label)) for label in labels}
        mapping = {name: kind for name in names if (kind := _type_of(name)) is not None}
        recogniser = HuggingFaceNerRecognizer(
            name="SiteHuggingFaceModel",
            supported_language=language,
            model_name=str(folder),
            label_mapping=mapping,
            aggregation_strategy="first",
            label_prefixes=["B-", "I-", "E-", "L-", "S-", "U-"],
            device="cpu",
        )
        return _failing_closed(recogniser)
    except Exception as error:  # transformers raises many things
        raise ConfigError(
            f"deid.huggingface_model cannot be loaded ({type(error).__name__})",
            "give the folder of a token-classification model with its tokeniser",
        ) from None


def _failing_closed(recogniser: Any) -> EntityRecognizer:  # noqa: ANN401 - Presidio's class, half typed
    """Presidio's recogniser takes a model that raises for one that found nothing; here the failure comes through."""
    recogniser.load()
    analyze, pipeline = recogniser.analyze, recogniser.ner_pipeline
    failures: list[str] = []

    def remembering(text: str) -> Any:  # noqa: ANN401 - what the pipeline gives
        try:
            return pipeline(text)
        except Exception as error:
            failures.append(type(error).__name__)
            raise

    def strict(text: str, entities: list[str], nlp_artifacts: object = None) -> list[RecognizerResult]:
        failures.clear()
        results: list[RecognizerResult] = analyze(text, entities, nlp_artifacts)
        if failures:
            raise RecogniserError
        return results

    recogniser.ner_pipeline, recogniser.analyze = remembering, strict
    made: EntityRecognizer = recogniser
    return made


def _type_of(label: str) -> str | None:
    name = _OWN_TYPE.sub("_", _PREFIX.sub("", label).upper())
    return None if name in _SKIPPED else _LABELS.get(name, name)


def _in_words(entries: Iterable[str]) -> Iterable[tuple[str, ...]]:
    for entry in sorted(entries):
        words = tuple(word.lower() for word in WORD.findall(entry))
        if words:
            yield words


def _result(entity_type: str, start: int, end: int, score: float) -> RecognizerResult:
    return RecognizerResult(entity_type, start, end, score)
