"""A canary in the records, and every stage made to fail with it: it neither leaves nor is kept in the clear."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.small import LABELS, SmallEncoder, candidates, head, make_plan, make_site, open_site

from fedaug.augmentation.encoder import Progress
from fedaug.client import answers, door
from fedaug.client.rows import PreparedRows
from fedaug.client.site import Site
from fedaug.client.store import SealedStore
from fedaug.errors import DefectError, FedaugError
from fedaug.privacy.envelope import open_envelope
from fedaug.strategies.messages import (
    AskCounts,
    AskMetric,
    AskStatistics,
    AskVotes,
    Describe,
    ExchangeHeads,
    Join,
    Outcome,
    Status,
    decode_reply,
    encode,
)

CANARY = "quillfeather"  # no name, so that de-identification leaves it in the text
ROWS = [(f"s{i}", f"{CANARY} fever in week {i}", LABELS[i % 3]) for i in range(6)]
REQUESTS = [
    encode(Describe(challenge="ab" * 32)),
    encode(ExchangeHeads(challenge="00" * 32, since=0)),
    encode(Join(plan=make_plan())),
    encode(AskCounts(campaign="autumn", key="counts")),
    encode(AskStatistics(campaign="autumn", key="statistics")),
    encode(AskVotes(campaign="autumn", key="votes/0"), candidates()),
    encode(AskMetric(campaign="autumn", key="metric"), head()),
]


class QuotingError(RuntimeError):
    """As libraries raise it: with what they were given."""


def quote(*_: Any, **__: Any) -> Any:
    try:
        raise KeyError(CANARY)
    except KeyError as cause:
        error = QuotingError(f"cannot do anything with {CANARY!r}")
        error.add_note(CANARY)
        raise error from cause


class QuotingEncoder(SmallEncoder):
    def embed(self, texts: Sequence[str], progress: Progress | None = None) -> NDArray[np.float32]:
        assert any(CANARY in text for text in texts), "the canary never reached the encoder"
        return quote()


def in_the_clear(folder: Path) -> list[str]:
    """Files under a folder, but for the source itself, that hold the canary."""
    needles = [CANARY.encode(), CANARY.upper().encode(), CANARY.encode("utf-16-le")]
    found = []
    looked = 0
    for path in folder.rglob("*"):
        if path.is_file() and path.name != "source.jsonl":
            looked += 1
            data = path.read_bytes()
            found.extend([path.name] for needle in needles if needle in data)
    assert looked >= 4, "there was nothing to look into"
    return [name for names in found for name in names]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = make_site(tmp_path / "st-mary", ROWS)
    yield made
    made.close()


def everything_said(caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]) -> str:
    """Log messages with their arguments and tracebacks, and both streams."""
    out = capsys.readouterr()
    records = [record.getMessage() + str(record.args) + str(record.exc_info or "") for record in caplog.records]
    return "\n".join([out.out, out.err, caplog.text, *records])


def test_the_canary_is_in_the_records_so_that_the_test_can_fail(site: Site) -> None:
    assert all(CANARY in record.text for record in site._rows._store.records())
    assert (site.folder / "source.jsonl").read_text().count(CANARY) == len(ROWS)


def test_a_whole_campaign_leaves_no_text_on_the_disk_in_replies_or_in_logs(
    site: Site, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.DEBUG):
        replies = b"".join(site.handle(request) for request in REQUESTS)
    assert CANARY.encode() not in replies
    assert CANARY not in everything_said(caplog, capsys)
    assert CANARY not in repr(site.status()) + repr(site) + repr(list(site._rows._store.records()))
    assert in_the_clear(site.folder) == []


STAGES = {
    "the store's records": (SealedStore, "records"),
    "the store's arrays": (SealedStore, "read_array"),
    "the rows of the plan": (PreparedRows, "contributions"),
    "the class sums": (answers, "class_sums"),
    "the label counts": (answers, "label_counts"),
    "the votes": (answers, "vote_totals"),
    "the metric": (answers, "right_and_wrong"),
    "the policy": (door, "require_allowed"),
}


@pytest.mark.parametrize("stage", STAGES)
def test_a_failure_in_a_stage_is_told_as_unavailable_and_nothing_more(
    site: Site,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
    stage: str,
) -> None:
    if stage != "the policy":
        assert site.join(make_plan()) is Outcome.OK
    monkeypatch.setattr(*STAGES[stage], quote)
    with caplog.at_level(logging.DEBUG):
        replies = [site.handle(request) for request in REQUESTS]
    outcomes = [decode_reply(open_envelope(reply, None)[1])[0] for reply in replies]
    assert Status(status=Outcome.UNAVAILABLE) in outcomes
    assert "FA901" in caplog.text
    assert "QuotingError" in caplog.text
    assert CANARY.encode() not in b"".join(replies)
    assert CANARY not in everything_said(caplog, capsys)
    assert in_the_clear(site.folder) == []


def test_a_noise_source_that_fails_lets_nothing_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    class Failing:
        def discrete_gaussian(self, shape: tuple[int, ...], log2_std: int) -> NDArray[np.int64]:
            return quote()

        def token(self, size: int) -> bytes:
            return bytes(size)

    site = make_site(tmp_path / "st-mary", ROWS, noise=Failing())
    replies = [site.handle(request) for request in REQUESTS]
    assert CANARY.encode() not in b"".join(replies)
    assert CANARY not in caplog.text
    assert {str(entry.state) for entry in site.status().charges} == {"reserved"}
    site.close()


def as_printed(error: BaseException) -> str:
    return "".join(traceback.format_exception(error)) + repr(error) + str(error)


def test_an_encoder_that_quotes_a_text_ends_prepare_without_it(tmp_path: Path) -> None:
    site = make_site(tmp_path / "st-mary", ROWS, encoder=QuotingEncoder, prepare=False)
    with pytest.raises(DefectError, match="the encoder failed with QuotingError") as failed:
        site.prepare()
    printed = as_printed(failed.value)
    assert CANARY not in printed
    assert not site.status().prepared
    assert site.join(make_plan()) is Outcome.UNAVAILABLE
    assert in_the_clear(site.folder) == []
    site.close()
    again = open_site(site.folder)
    again.prepare()
    assert again.join(make_plan()) is Outcome.OK
    again.close()


@pytest.mark.parametrize("function", ["Deidentifier._outcomes", "Deidentifier._read"])
def test_a_deidentifier_that_quotes_a_text_ends_prepare_without_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, function: str
) -> None:
    site = make_site(tmp_path / "st-mary", ROWS, prepare=False)
    monkeypatch.setattr(f"fedaug.privacy.deid.deidentify.{function}", quote)
    with pytest.raises(DefectError, match="de-identification failed with QuotingError") as failed:
        site.prepare()
    assert CANARY not in as_printed(failed.value) + caplog.text
    assert in_the_clear(site.folder) == []
    assert not site.status().prepared
    site.close()


def test_a_text_that_cannot_be_deidentified_costs_the_record_and_not_the_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    site = make_site(tmp_path / "st-mary", ROWS, prepare=False)
    monkeypatch.setattr("fedaug.privacy.deid.pattern_layer.PatternLayer._by_rules", quote)
    done = site.prepare()
    assert (done.records, done.quarantined) == (0, len(ROWS))
    assert CANARY not in repr(done) + caplog.text
    assert in_the_clear(site.folder) == []
    site.close()


def test_a_row_that_cannot_be_used_is_told_by_its_line(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    rows = [*ROWS, (CANARY, "", CANARY * 100)]
    site = make_site(tmp_path / "st-mary", rows, prepare=False, source__labels=LABELS)
    with pytest.raises(FedaugError) as failed:
        site.prepare()
    assert CANARY not in as_printed(failed.value) + caplog.text
    assert "7" in str(failed.value)
    site.close()
