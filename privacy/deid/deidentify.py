"""Takes personal data out of text: each finding becomes a tag such as ``[DATE_TIME]``.

    >>> Deidentifier().deidentify("Seen on 06/21/07, call 212-555-5555.")
    'Seen on [DATE_TIME], call [PHONE_NUMBER].'

Promised: the result is a function of the one text and of the settings; a record on which a recogniser fails is set
aside, never passed on. **Not** promised: that nothing personal is left. Names, places and organisations stay, since
finding them takes a language model, and none is loaded; and de-identification is never counted as differential privacy.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fedaug.errors import ConfigError, QuarantinedRecord
from fedaug.privacy.deid.detect import Detector
from fedaug.privacy.deid.pool import map_in_order
from fedaug.privacy.deid.spans import Span, redact


class Deidentifier:
    """Finds and replaces personal data, text by text.

    Args:
        language: A two-letter code; only ``en`` so far.
        score_threshold: The least recogniser score that counts, 0 to 1; 0 takes out all that any recogniser suspects.
        limit_s: Processor time in seconds that one recogniser may take for one text before the record is set aside.

    Raises:
        ConfigError: A setting is out of range.
    """

    def __init__(self, *, language: str = "en", score_threshold: float = 0.0, limit_s: float = 5.0) -> None:
        self._settings = {"language": language, "score_threshold": score_threshold, "limit_s": limit_s}
        self._detector = Detector(language=language, score_threshold=score_threshold, limit_s=limit_s)

    def find(self, text: str) -> list[Span]:
        """Where personal data is, overlaps included.

        Raises:
            QuarantinedRecord: A recogniser failed, so that nothing is known about the text.
        """
        return self._detector.find(text)

    def deidentify(self, text: str) -> str:
        """The text with every finding replaced by its type in brackets.

        Raises:
            QuarantinedRecord: A recogniser failed, so that nothing is known about the text.
        """
        return redact(text, self.find(text))

    def deidentify_many(self, texts: Iterable[str], *, processes: int = 1) -> Iterator[str | QuarantinedRecord]:
        """Many texts in order, one result each: the text without its findings, or the reason why it was set aside.

        Streams: a bounded number of texts is held at a time, however many there are.

        Args:
            texts: Read as results are taken.
            processes: Above one, that many worker processes are started, each taking a few seconds to load Presidio, so
                that they pay off from some ten thousand notes on.

        Raises:
            ConfigError: ``processes`` is below one.
            DefectError: A worker process ended early.
        """
        if processes < 1:
            raise ConfigError("processes is below one", "give the number of processor cores to use")
        if processes == 1:
            return map(self._outcome, texts)
        return map_in_order(_Worker, self._settings, texts, processes=processes)

    def _outcome(self, text: str) -> str | QuarantinedRecord:
        try:
            return self.deidentify(text)
        except QuarantinedRecord as reason:
            return reason.with_traceback(None)  # its frames hold the text


class _Worker:
    """What a worker process runs: one de-identifier for all of its chunks."""

    def __init__(self, settings: dict[str, object]) -> None:
        self._deidentifier = Deidentifier(**settings)  # type: ignore[arg-type]  # the settings of another Deidentifier

    def __call__(self, texts: list[str]) -> list[str | QuarantinedRecord]:
        return list(self._deidentifier.deidentify_many(texts))
