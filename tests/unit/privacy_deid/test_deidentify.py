"""What the de-identifier finds, and that it finds it offline, silently and from the one text alone."""

import logging
import random
import socket
import subprocess
import sys
from collections.abc import Iterable

import pytest
from presidio_analyzer import EntityRecognizer, RecognizerResult
from tests.deid_samples import PLANTED, texts

from fedaug.errors import ConfigError, QuarantinedRecord
from fedaug.privacy.deid import Deidentifier
from fedaug.privacy.deid.deidentify import _both
from fedaug.privacy.deid.detect import Reading
from fedaug.privacy.deid.document import Document
from fedaug.privacy.deid.fold import fold
from fedaug.privacy.deid.language import detect
from fedaug.privacy.deid.pattern_layer import PatternLayer
from fedaug.privacy.deid.policies import load_policy
from fedaug.privacy.deid.recognisers import silence_presidio
from fedaug.privacy.deid.surrogates import SurrogateKey


@pytest.fixture(scope="module")
def deidentifier() -> Deidentifier:
    return Deidentifier()


def without_duplicates(results: Iterable[RecognizerResult]) -> list[tuple[int, int, str, float]]:
    kept = EntityRecognizer.remove_duplicates(list(results))
    return sorted((result.start, result.end, result.entity_type, result.score) for result in kept)


def test_findings_equal_those_of_presidio_without_shortcuts() -> None:
    layer = PatternLayer("en", limit_s=5)
    found = 0
    for text in texts(400):
        spans = layer.find(text)
        assert spans is not None
        ours = [RecognizerResult(span.entity_type, span.start, span.end, span.score) for span in spans]
        expected = layer.analyzer.analyze(text, "en", score_threshold=0)
        assert without_duplicates(ours) == without_duplicates(expected), repr(text)
        found += bool(spans)
    assert found > 200


@pytest.mark.parametrize("value", PLANTED)
def test_a_planted_identifier_is_gone(deidentifier: Deidentifier, value: str) -> None:
    assert value not in deidentifier.deidentify(f"On file: {value} as given.")


def test_vertebrae_and_oxygen_are_not_driving_licences(deidentifier: Deidentifier) -> None:
    text = "Bulge at C4-C5 and L5-S1, vitamin B12, may need home O2."
    assert deidentifier.deidentify(text) == text


def test_a_context_word_raises_the_score(deidentifier: Deidentifier) -> None:
    alone, named = deidentifier.find("It is 219-09-9999."), deidentifier.find("The SSN is 219-09-9999.")
    scores = [max(span.score for span in spans if span.entity_type == "US_SSN") for spans in (alone, named)]
    assert scores[0] < scores[1]


def test_a_texts_result_is_the_same_alone_and_among_others(deidentifier: Deidentifier) -> None:
    sample = texts(150, seed=11)
    together = [outcome.text for outcome in deidentifier.deidentify_many(sample)]
    order = list(range(len(sample)))
    random.Random(3).shuffle(order)
    again = {index: deidentifier.deidentify(sample[index]) for index in order}
    assert [again[index] for index in range(len(sample))] == together
    for index in order[:5]:
        assert Deidentifier().deidentify(sample[index]) == together[index]


def test_tags_are_not_taken_for_identifiers(deidentifier: Deidentifier) -> None:
    kinds = {span.entity_type for text in texts(150) for span in deidentifier.find(text)}
    assert len(kinds) > 10
    assert deidentifier.find(" ".join(f"[{kind}]" for kind in sorted(kinds))) == []


def test_nothing_is_asked_of_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    def refuse(*arguments: object, **_: object) -> None:
        asked.append(arguments)
        raise OSError

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert Deidentifier().deidentify("write to anna.smith@example.co.uk") == "write to [EMAIL_ADDRESS]"
    assert asked == []


def test_presidio_logs_no_text(caplog: pytest.LogCaptureFixture) -> None:
    layer, logger = PatternLayer("es", limit_s=5), logging.getLogger("presidio-analyzer")
    with caplog.at_level(logging.DEBUG), caplog.at_level(logging.DEBUG, logger="presidio-analyzer"):
        layer.find("zebrastripe con NIF 12345678Z")
        assert caplog.text == ""
        filters, logger.filters = logger.filters, []  # the seeded defect: Presidio as it comes
        layer.find("zebrastripe con NIF 12345678Z")
        assert "zebrastripe" in caplog.text
        logger.filters = filters
        silence_presidio()
        assert len(logger.filters) == len(filters)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"language": "de"}, "FA101: this language has no recognisers"),
        ({"score_threshold": 1.5}, "FA101: score_threshold is not between 0 and 1"),
        ({"score_threshold": float("nan")}, "FA101: score_threshold is not between 0 and 1"),
        ({"limit_s": 0.0}, "FA101: limit_s is not between 0 and 60 seconds"),
        ({"limit_s": 61.0}, "FA101: limit_s is not between 0 and 60 seconds"),
    ],
)
def test_a_setting_out_of_range_is_refused(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Deidentifier(**settings)  # type: ignore[arg-type]  # wrong on purpose
    assert str(caught.value).startswith(message)


def test_without_presidio_the_import_says_what_to_install() -> None:
    program = """
import sys
sys.modules["presidio_analyzer"] = None
from fedaug.errors import MissingExtra
try:
    from fedaug.privacy.deid import Deidentifier
except MissingExtra as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert (
        done.stdout.strip()
        == "FA104: Presidio, which de-identifies, is not installed; run: pip install 'fedaug[client]'"
    )


def test_no_word_of_a_record_is_kept(deidentifier: Deidentifier) -> None:
    vocabulary = deidentifier._detector("en")._patterns._pipeline.vocab
    deidentifier.deidentify("warm up on 06/21/07")
    before = len(vocabulary.strings), sum(1 for _ in vocabulary)
    for number in range(50):
        deidentifier.deidentify(f"zebra{number}stripe was seen on 06/21/07")
    assert (len(vocabulary.strings), sum(1 for _ in vocabulary)) == before
    assert "zebra7stripe" not in vocabulary.strings


def test_a_text_whose_language_is_in_doubt_is_read_in_all() -> None:
    worker = Deidentifier(language="auto", neural=False)
    texts = ["Dx: 3 de abril", "MRN 00482913"]
    assert [detect(text) for text in texts] == [None, None]
    assert "abril" in Deidentifier(neural=False).deidentify(texts[0])  # what English alone would leave
    assert [worker.deidentify(text) for text in texts] == ["Dx: [DATE_TIME]", "MRN [MEDICAL_RECORD_NUMBER]"]
    told = "Dx: 3 de abril. The patient was seen on Monday and sent home."
    assert "abril" in worker.deidentify(told)  # a text that tells is read in its own language


def test_a_reading_that_failed_in_one_language_sets_the_record_aside() -> None:
    failed = QuarantinedRecord("failed", "see to it")
    reading = Reading(Document("x"), fold("x"), ())
    assert _both(failed, reading) is failed
    assert _both(reading, failed) is failed


def test_a_cell_and_a_text_of_one_record_get_the_same_surrogates_and_other_records_do_not() -> None:
    key = SurrogateKey(bytes(range(32)))
    worker = Deidentifier(load_policy("gdpr-pseudonymise"), key=key, neural=False)
    one, other = Document("", record="one"), Document("", record="other")
    assert worker.replace_whole("Smith", "PERSON", one) == worker.replace_whole("Smith", "PERSON", one)
    numbers = {worker.replace_whole("80431234567", "ID", document) for document in (one, other)}
    assert len(numbers) == 2
