"""Takes personal data out of text: what is put in place of each finding is the policy's choice.

    >>> Deidentifier().deidentify("Seen on 06/21/07, call 212-555-5555.")
    'Seen on [DATE_TIME], call [PHONE_NUMBER].'

Promised: the result is a function of the one document, the settings and the keys; a record on which a recogniser
fails is set aside, never passed on. **Not** promised: that nothing personal is left. What is missed is measured, in
``benchmarks/deid`` and by ``fedaug deid score`` on a site's own sample; de-identification is never counted as
differential privacy.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Final, TypeAlias

from fedaug.errors import ConfigError, QuarantinedRecord
from fedaug.privacy.deid.additions import SiteAdditions
from fedaug.privacy.deid.detect import Detector, Reading, Tagger, united
from fedaug.privacy.deid.document import Document
from fedaug.privacy.deid.language import AUTO, LANGUAGES, detect
from fedaug.privacy.deid.operators.replace import Replaced, Replacer
from fedaug.privacy.deid.policies.policy import DeidPolicy, OperatorChoice
from fedaug.privacy.deid.pool import chunks_of, map_in_order
from fedaug.privacy.deid.site_recognisers import recognisers_of
from fedaug.privacy.deid.spans import Span, resolve
from fedaug.privacy.deid.surrogates.key import SurrogateKey

#: Every finding becomes its type in brackets.
TAGS: Final = DeidPolicy(
    name="tags",
    description="Puts the type in brackets in place of whatever is found.",
    default=OperatorChoice(operator="redact"),
    entities={},
    thresholds={},
)
_BATCH_DOCUMENTS: Final = 64  # read at a time; enough company for the neural recogniser's batches
_BATCH_CHARS: Final = 200_000
_OTHER_LANGUAGE: Final = f"use one of {', '.join(LANGUAGES)}, or add a language as the documentation says"


@dataclass(frozen=True, repr=False)
class Deidentified:
    """A document after de-identification. For the site's own eyes: the counts are exact.

    Attributes:
        text: The text as the policy leaves it.
        found: How many findings were made, by type, overlaps merged.
        surrogates: What was put in their place by ``surrogate`` and ``hash-id``.
    """

    text: str
    found: Counter[str]
    surrogates: tuple[str, ...] = ()


Outcome: TypeAlias = Deidentified | QuarantinedRecord
Group: TypeAlias = tuple[Document, ...]


class Deidentifier:
    """Finds and replaces personal data, document by document.

    Args:
        policy: What is looked for and what is put in its place; tags if none is given.
        language: A two-letter code, or ``auto`` to choose by the text. One that does not tell is read in all languages.
        key: What surrogates and shifts are drawn with, where the policy uses any; secret, and the site's own.
        encryption_key: What values are encrypted with, where the policy does.
        additions: The site's own lists, patterns and models; they add to what is there, and replace nothing.
        neural: Whether the embedded neural recogniser runs. Without it few names and places are found.
        score_threshold: The least score that counts, 0 to 1, for types for which the policy names none.
        limit_s: Processor time in seconds that one recogniser may take for one piece of a text before the record is set
            aside.

    Raises:
        ConfigError: A setting is out of range, the language has no recognisers, a key is missing, or the policy leaves
            in the text what ``additions`` are to find.
    """

    def __init__(
        self,
        policy: DeidPolicy = TAGS,
        *,
        language: str = "en",
        key: SurrogateKey | None = None,
        encryption_key: bytes | None = None,
        additions: SiteAdditions | None = None,
        neural: bool = True,
        score_threshold: float = 0.0,
        limit_s: float = 5.0,
    ) -> None:
        if language not in (*LANGUAGES, AUTO):
            raise ConfigError("this language has no recognisers", f"use one of {', '.join((*LANGUAGES, AUTO))}")
        if not 0 <= score_threshold <= 1:
            raise ConfigError("score_threshold is not between 0 and 1", "give a number from 0 to 1")
        self._settings: dict[str, object] = {
            **{"policy": policy, "language": language, "key": key, "encryption_key": encryption_key},
            **{"additions": additions, "neural": neural, "score_threshold": score_threshold, "limit_s": limit_s},
        }
        self._policy, self._language, self._neural = policy, language, neural
        self._threshold, self._limit_s = score_threshold, limit_s
        self._additions = additions or SiteAdditions()
        self._additions.require_effect(policy)
        self._replacer = Replacer(policy, key=key, encryption_key=encryption_key)
        self._detectors: dict[str, Detector] = {}
        for one in LANGUAGES if language == AUTO else (language,):
            self._detector(one)  # what cannot be loaded is said at once

    def find(self, text: str | Document) -> list[Span]:
        """Where personal data is, overlaps included.

        Raises:
            QuarantinedRecord: A recogniser failed, so that nothing is known about the text.
        """
        reading = self._read([_document(text)])[0]
        if isinstance(reading, QuarantinedRecord):
            raise reading
        return united([reading])[0]

    def find_many(self, texts: Iterable[str | Document]) -> Iterator[list[Span] | QuarantinedRecord]:
        """Where personal data is in each of many texts, in order, or the reason why one was set aside. Streams."""
        documents = ((_document(text),) for text in texts)
        for chunk in chunks_of(documents, _size, most_items=_BATCH_DOCUMENTS, most_size=_BATCH_CHARS):
            for reading in self._read([document for group in chunk for document in group]):
                yield reading if isinstance(reading, QuarantinedRecord) else united([reading])[0]

    def deidentify(self, text: str | Document) -> str:
        """The text with every finding replaced.

        Raises:
            QuarantinedRecord: A recogniser failed, so that nothing is known about the text.
        """
        outcome = self._outcomes([(_document(text),)])[0][0]
        if isinstance(outcome, QuarantinedRecord):
            raise outcome
        return outcome.text

    def deidentify_many(
        self, texts: Iterable[str | Document], *, processes: int = 1, by_subject: bool = False
    ) -> Iterator[Outcome]:
        """Many texts in order, one result each: what became of it, or the reason why it was set aside.

        Streams: a bounded number of texts is held at a time, however many there are.

        Args:
            texts: Read as results are taken.
            processes: Above one, that many worker processes are started, each taking a few seconds to load.
            by_subject: Whether what is found in one text of a subject is looked for in those of the same subject that
                follow it without a break. Only where the unit of privacy is the subject.

        Raises:
            ConfigError: ``processes`` is below one.
            DefectError: A worker process ended early.
        """
        if processes < 1:
            raise ConfigError("processes is below one", "give the number of processor cores to use")
        groups = _groups(map(_document, texts), by_subject)
        chunks = chunks_of(groups, _size, most_items=_BATCH_DOCUMENTS, most_size=_BATCH_CHARS)
        if processes == 1:
            outcomes: Iterator[list[Outcome]] = (group for chunk in chunks for group in self._outcomes(chunk))
        else:
            outcomes = map_in_order(_Worker, self._settings, chunks, processes=processes)
        return itertools.chain.from_iterable(outcomes)

    def replace_whole(self, value: str, entity_type: str, document: Document) -> str:
        """The text alone that :meth:`replaced_whole` gives."""
        return self.replaced_whole(value, entity_type, document).text

    def replaced_whole(self, value: str, entity_type: str, document: Document) -> Replaced:
        """What stands in place of a value as a whole, such as a column's cell.

        Args:
            value: All of it is of the type.
            entity_type: What it is.
            document: The text that it stands beside: whose it is, and in which language.

        Raises:
            QuarantinedRecord: It could not be replaced.
        """
        return self._replacement(value, [Span(0, len(value), entity_type, 1.0)], document)

    def _outcomes(self, groups: Sequence[Group]) -> list[list[Outcome]]:
        readings = iter(self._read([document for group in groups for document in group]))
        return [self._replaced(list(itertools.islice(readings, len(group)))) for group in groups]

    def _read(self, documents: Sequence[Document]) -> list[Reading | QuarantinedRecord]:
        """Readings in the order of the documents, each by the detector of its language."""
        by_language: dict[str, list[int]] = {}
        for index, document in enumerate(documents):
            for language in self._languages_of(document):
                by_language.setdefault(language, []).append(index)
        readings: dict[int, Reading | QuarantinedRecord] = {}
        for language, indices in by_language.items():
            found: Iterable[Reading | QuarantinedRecord]
            if language in LANGUAGES:
                found = self._detector(language).read([documents[index] for index in indices])
            else:
                found = [QuarantinedRecord("a record's language has no recognisers", _OTHER_LANGUAGE)] * len(indices)
            for index, reading in zip(indices, found, strict=True):
                readings[index] = _both(readings[index], reading) if index in readings else reading
        return [readings[index] for index in range(len(documents))]

    def _replaced(self, group: Sequence[Reading | QuarantinedRecord]) -> list[Outcome]:
        read = [reading for reading in group if isinstance(reading, Reading)]
        spans = iter(united(read))
        return [
            reading if isinstance(reading, QuarantinedRecord) else self._outcome(reading.document, next(spans))
            for reading in group
        ]

    def _outcome(self, document: Document, spans: list[Span]) -> Outcome:
        try:
            replaced = self._replacement(document.text, spans, document)
        except QuarantinedRecord as reason:
            return reason
        found = Counter(span.entity_type for span in resolve(spans))
        return Deidentified(replaced.text, found, replaced.surrogates)

    def _replacement(self, text: str, spans: Sequence[Span], document: Document) -> Replaced:
        language = self._languages_of(document)[0]
        try:
            return self._replacer.replaced(
                text, spans, subject=document.subject, record=document.record, language=language
            )
        except Exception:  # whatever goes wrong, the record must not pass as clean, and its text go no further
            reason = QuarantinedRecord("what was found in a record could not be replaced", "report it, with the policy")
        raise reason

    def _languages_of(self, document: Document) -> tuple[str, ...]:
        """In which a document is read: all of them where its own is asked for and cannot be told."""
        wanted = document.language or self._language
        if wanted != AUTO:
            return (wanted,)
        told = detect(document.text, LANGUAGES)
        return LANGUAGES if told is None else (told,)

    def _detector(self, language: str) -> Detector:
        if language not in self._detectors:
            self._detectors[language] = Detector(
                language,
                tagger=_tagger(language) if self._neural else None,
                extra=recognisers_of(self._additions, language, limit_s=self._limit_s),
                counts=self._counts(),
                limit_s=self._limit_s,
            )
        return self._detectors[language]

    def _counts(self) -> Callable[[Span], bool]:
        policy, threshold = self._policy, self._threshold
        return lambda span: (
            policy.looks_for(span.entity_type)
            # Written so that a score that is not a number counts.
            and not span.score < policy.threshold_for(span.entity_type, threshold)
        )


def _both(one: Reading | QuarantinedRecord, other: Reading | QuarantinedRecord) -> Reading | QuarantinedRecord:
    """What two languages' recognisers find in one document; set aside if either failed."""
    if isinstance(one, QuarantinedRecord) or isinstance(other, QuarantinedRecord):
        return one if isinstance(one, QuarantinedRecord) else other
    return replace(one, spans=tuple(sorted({*one.spans, *other.spans})))


class _Worker:
    """What a worker process runs: one de-identifier for all of its chunks."""

    def __init__(self, settings: dict[str, object]) -> None:
        import torch  # noqa: PLC0415 - the parent's threads are its own affair

        torch.set_num_threads(1)  # one core each: processes are what the work is spread over
        self._deidentifier = Deidentifier(**settings)  # type: ignore[arg-type]  # the settings of another Deidentifier

    def __call__(self, groups: list[Group]) -> list[list[Outcome]]:
        return self._deidentifier._outcomes(groups)


@cache
def _tagger(language: str) -> Tagger:
    """The neural recogniser of a language, once in a process: its weights take a second to merge and 60 MB."""
    from fedaug.privacy.deid.neural import Tagger as NeuralTagger  # noqa: PLC0415 - torch takes a second to load

    return NeuralTagger(language)


def _document(text: str | Document) -> Document:
    return Document(text) if isinstance(text, str) else text


def _groups(documents: Iterable[Document], by_subject: bool) -> Iterator[Group]:
    if not by_subject:
        return ((document,) for document in documents)
    runs = itertools.groupby(enumerate(documents), key=lambda pair: pair[1].subject or pair[0])
    return (tuple(document for _, document in run) for _, run in runs)


def _size(group: Group) -> int:
    return sum(len(document.text) for document in group)
