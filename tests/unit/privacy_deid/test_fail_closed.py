"""A record that a recogniser could not read is set aside, never passed on as clean."""

import logging
import threading
import time
import traceback
from collections.abc import Sequence
from typing import Any

import pytest
import torch
from presidio_analyzer import EntityRecognizer

from fedaug.errors import QuarantinedRecord
from fedaug.privacy.deid import Deidentifier, Span
from fedaug.privacy.deid.additions import SiteAdditions, SitePattern
from fedaug.privacy.deid.document import Document
from fedaug.privacy.deid.neural import Tagger
from fedaug.privacy.limits import LIMITS

SECRET = "zebrastripe 12345678"


def patterns_of(deidentifier: Deidentifier) -> Any:
    return deidentifier._detector("en")._patterns


class Broken(EntityRecognizer):
    """A recogniser that does what a bad update, or a site's own model, might."""

    def __init__(self, analyze: Any) -> None:
        super().__init__(["ID"], name="Broken")
        self._analyze = analyze

    def load(self) -> None:
        """Nothing to load."""

    def analyze(self, text: str, entities: list[str], nlp_artifacts: object = None) -> list[Any]:
        return self._analyze(text)


def with_broken_recogniser(analyze: Any, *, limit_s: float = 5.0) -> Deidentifier:
    deidentifier = Deidentifier(limit_s=limit_s, neural=False)
    patterns_of(deidentifier)._plan.append((None, [Broken(analyze)]))
    return deidentifier


def raises(text: str, *_: object, **__: object) -> list[Any]:
    raise ValueError("Did not find word " + text)


def complains(*_: object, **__: object) -> list[Any]:
    logging.getLogger("presidio-analyzer").warning("timed out, skipping.")
    return []


def dawdles(*_: object) -> list[Any]:
    start = time.thread_time()
    while time.thread_time() - start < 0.1:
        pass
    return []


def waits_for_another_thread(*_: object) -> list[Any]:
    """Takes no time of its own while somebody else's thread takes plenty."""
    other = threading.Thread(target=dawdles)
    other.start()
    other.join()
    return []


def test_a_recogniser_that_raises_sets_the_record_aside_without_quoting_it() -> None:
    with pytest.raises(QuarantinedRecord) as caught:
        with_broken_recogniser(raises).deidentify(SECRET)
    assert str(caught.value).startswith("FA601: a recogniser failed on a record")
    assert caught.value.__context__ is None
    assert "zebrastripe" not in "".join(traceback.format_exception(caught.value))


def test_a_failure_that_presidio_only_logs_sets_the_record_aside() -> None:
    with pytest.raises(QuarantinedRecord, match="FA601"):
        with_broken_recogniser(complains).deidentify(SECRET)


def test_a_recogniser_over_its_time_sets_the_record_aside() -> None:
    with pytest.raises(QuarantinedRecord, match="FA601"):
        with_broken_recogniser(dawdles, limit_s=0.05).deidentify(SECRET)
    assert with_broken_recogniser(dawdles).deidentify("zebra") == "zebra"


def test_what_another_thread_takes_sets_no_record_aside() -> None:
    deidentifier = with_broken_recogniser(waits_for_another_thread, limit_s=0.05)
    assert "12345678" not in deidentifier.deidentify("MRN 12345678")


def test_a_pattern_that_runs_out_of_time_sets_the_record_aside() -> None:
    slow = SitePattern(name="slow", pattern="(a|aa)+$", entity_type="ID")
    deidentifier = Deidentifier(additions=SiteAdditions(patterns=(slow,)), limit_s=0.05, neural=False)
    with pytest.raises(QuarantinedRecord, match="FA601"):
        deidentifier.deidentify("a" * 60 + "!")
    assert deidentifier.deidentify("!") == "!"


def test_a_text_over_the_size_limit_is_set_aside() -> None:
    with pytest.raises(QuarantinedRecord, match="FA601: a record's text is over the size limit"):
        Deidentifier().deidentify("a" * (LIMITS.record_chars + 1))


def test_one_bad_record_does_not_stop_the_others() -> None:
    def fails_on_zebras(text: str, *_: object) -> list[Any]:
        return raises(text) if "zebra" in text else []

    results = list(with_broken_recogniser(fails_on_zebras).deidentify_many(["horse", "zebra", "on 06/21/07"]))
    assert [type(result).__name__ for result in results] == ["Deidentified", "QuarantinedRecord", "Deidentified"]
    assert results[2].text == "on [DATE_TIME]"
    assert results[1].__traceback__ is None  # type: ignore[union-attr]  # its frames would hold the text


def test_a_failure_while_context_is_weighed_sets_only_that_record_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    deidentifier = Deidentifier(language="es", neural=False)
    enhancer = deidentifier._detector("es")._patterns.analyzer.context_aware_enhancer
    monkeypatch.setattr(enhancer, "enhance_using_context", raises)
    with pytest.raises(QuarantinedRecord, match="FA601"):
        deidentifier.deidentify("Con 12345678Z.")
    monkeypatch.undo()
    assert deidentifier.deidentify("Con 12345678Z.") == "Con [ES_NIF]."


def test_a_neural_recogniser_that_fails_sets_only_that_record_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    deidentifier = Deidentifier()

    class FailsOnZebras:
        def tag(self, texts: Sequence[str]) -> list[list[Span]]:
            return [raises(text) if "zebra" in text else [] for text in texts]

    monkeypatch.setattr(deidentifier._detector("en"), "_tagger", FailsOnZebras())
    first, second = deidentifier.deidentify_many(["zebra 12345678", "on 06/21/07"])
    assert str(first).startswith("FA601: the neural recogniser failed on a record")
    assert second.text == "on [DATE_TIME]"  # type: ignore[union-attr]  # it was not set aside


def test_a_record_in_a_language_without_recognisers_is_set_aside() -> None:
    deidentifier = Deidentifier(neural=False)
    outcomes = list(deidentifier.deidentify_many([Document("am 06/21/07", language="de"), "on 06/21/07"]))
    assert str(outcomes[0]).startswith("FA601: a record's language has no recognisers; use one of en, es")
    assert outcomes[1].text == "on [DATE_TIME]"  # type: ignore[union-attr]  # it was not set aside


def test_a_network_that_gives_no_numbers_sets_the_record_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    deidentifier = Deidentifier()
    broken = Tagger()
    broken._network.head.bias = torch.nn.Parameter(torch.full_like(broken._network.head.bias, float("nan")))
    monkeypatch.setattr(deidentifier._detector("en"), "_tagger", broken)
    (outcome,) = deidentifier.deidentify_many(["i spoke with okafor in galway"])
    assert str(outcome).startswith("FA601: the neural recogniser failed on a record")
