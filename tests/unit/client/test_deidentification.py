"""De-identifying in batches: taken up where it was cut off, done again where anything changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.small import PASSPHRASE

from fedaug.client.checkpoints import Checkpoints
from fedaug.client.deidentification import Deidentification
from fedaug.client.records import ColumnMap, Provenance, Record
from fedaug.client.settings import DeidSettings
from fedaug.errors import DefectError, QuarantinedRecord
from fedaug.privacy.deid.deidentify import Deidentifier, Outcome
from fedaug.privacy.deid.document import Document
from fedaug.privacy.deid.operators import Replaced
from fedaug.privacy.keys import KeyRing

COLUMNS = ColumnMap(text="note", label="section", record_id="id", subject_id="patient", attributes=("name", "lang"))
TEXTS = [f"Seen on 03/{day:02d}/2019, call 212-555-5555." for day in range(1, 13)]


@pytest.fixture(scope="module")
def deidentifier() -> Deidentifier:
    return Deidentifier(neural=False)


class Recording:
    """A de-identifier that remembers what it was given, and can be cut off."""

    def __init__(self, inner: Deidentifier, stop_after: int | None = None) -> None:
        self.given: list[Document] = []
        self.together: bool | None = None
        self._inner = inner
        self._stop_after = stop_after

    def deidentify_many(
        self, texts: Iterable[str | Document], *, processes: int = 1, by_subject: bool = False
    ) -> Iterator[Outcome]:
        self.together = by_subject
        for number, text in enumerate(texts):
            if number == self._stop_after:
                raise KeyboardInterrupt
            assert isinstance(text, Document)
            self.given.append(text)
            yield from self._inner.deidentify_many([text])


class World:
    def __init__(self, folder: Path, deidentifier: Deidentifier) -> None:
        self.folder = folder
        self.checkpoints = Checkpoints(folder / "batches", KeyRing.create(folder, PASSPHRASE, scrypt_n=2), "6f" * 16)
        self.deidentifier = deidentifier

    def run(
        self,
        batches: Sequence[Sequence[Record]],
        *,
        stop_after: int | None = None,
        fingerprint: bytes = b"",
        worker: Any = None,
        replace: Any = lambda value, entity_type, document: Replaced(f"[{entity_type}]"),
        by_subject: bool = False,
        **settings: Any,
    ) -> tuple[list[Record], Recording]:
        used = worker or Recording(self.deidentifier, stop_after)
        stage = Deidentification(
            DeidSettings.model_validate(settings),
            COLUMNS,
            used,
            replace,
            self.checkpoints,
            fingerprint,
            by_subject=by_subject,
        )
        self.counts = list(stage.run(batches))
        kept = [record for number in range(len(self.counts)) for record in self.checkpoints.records(number)]
        return kept, used


@pytest.fixture
def world(tmp_path: Path, deidentifier: Deidentifier) -> World:
    return World(tmp_path, deidentifier)


def record(row: int, text: str, **attributes: Any) -> Record:
    return Record(f"id-{row}", f"p-{row % 3}", text, "plan", Provenance("n.csv", row), attributes)


def batches(texts: Sequence[str] = TEXTS, size: int = 3) -> list[list[Record]]:
    rows = [record(row, text) for row, text in enumerate(texts)]
    return [rows[start : start + size] for start in range(0, len(rows), size)]


def test_every_record_comes_out_de_identified_in_order(world: World) -> None:
    kept, _ = world.run(batches())
    assert [item.text for item in kept] == ["Seen on [DATE_TIME], call [PHONE_NUMBER]."] * 12
    assert [(item.record_id, item.subject_id, item.label, item.provenance) for item in kept] == [
        (item.record_id, item.subject_id, item.label, item.provenance) for batch in batches() for item in batch
    ]
    assert [(counts.read, counts.kept, counts.quarantined) for counts in world.counts] == [(3, 3, {})] * 4
    assert world.counts[0].found == {"DATE_TIME": 3, "PHONE_NUMBER": 3}


@pytest.mark.parametrize("stop_after", [0, 1, 3, 7, 11])
def test_a_run_that_was_cut_off_is_taken_up_after_its_last_whole_batch(world: World, stop_after: int) -> None:
    with pytest.raises(KeyboardInterrupt):
        world.run(batches(), stop_after=stop_after)
    kept, second = world.run(batches())
    finished = stop_after // 3 * 3
    assert len(second.given) in (12 - finished, 12 - finished + 3), "at most the batch under way is done again"
    assert len(second.given) < 12 or stop_after < 4
    assert [item.text for item in kept] == ["Seen on [DATE_TIME], call [PHONE_NUMBER]."] * 12
    assert sum(counts.read for counts in world.counts) == 12


def test_a_finished_run_reads_no_text_again_and_counts_the_same(world: World) -> None:
    first, _ = world.run(batches())
    before = world.counts
    again, worker = world.run(batches())
    assert worker.given == []
    assert (again, world.counts) == (first, before)


def test_under_other_settings_everything_is_done_again(world: World) -> None:
    world.run(batches())
    _, worker = world.run(batches(), fingerprint=b"another")
    assert len(worker.given) == 12


@pytest.mark.parametrize("place", [0, 5, 11])
def test_a_record_that_changed_costs_its_batch_and_no_other(world: World, place: int) -> None:
    world.run(batches())
    texts = [*TEXTS[:place], "Nothing to see.", *TEXTS[place + 1 :]]
    kept, worker = world.run(batches(texts))
    assert len(worker.given) == 3
    assert kept[place].text == "Nothing to see."
    assert len(kept) == 12


def test_a_damaged_batch_is_done_again(world: World) -> None:
    first, _ = world.run(batches())
    path = world.folder / "batches" / "batch-0000002.sealed"
    path.write_bytes(path.read_bytes()[:-1])
    again, worker = world.run(batches())
    assert len(worker.given) == 3
    assert again == first


class Refusing(Recording):
    """Sets aside what is too long for it."""

    def deidentify_many(
        self, texts: Iterable[str | Document], *, processes: int = 1, by_subject: bool = False
    ) -> Iterator[Outcome]:
        for text in texts:
            assert isinstance(text, Document)
            if "12/" in text.text or "11/" in text.text:
                yield QuarantinedRecord("a recogniser ran out of time", "shorten it")
            else:
                yield from self._inner.deidentify_many([text])


def test_records_that_are_set_aside_are_left_out_and_counted_by_reason(world: World) -> None:
    kept, _ = world.run(batches(), worker=Refusing(world.deidentifier))
    assert len(kept) == 10
    assert [counts.quarantined for counts in world.counts][-1] == {"a recogniser ran out of time": 2}
    assert [(counts.read, counts.kept) for counts in world.counts][-1] == (3, 1)


def test_no_records_give_no_batches(world: World) -> None:
    kept, worker = world.run([])
    assert (kept, worker.given, world.counts) == ([], [], [])


def test_a_name_in_a_column_is_looked_for_in_the_text_and_replaced_in_its_cell(world: World) -> None:
    given = [[record(0, "Quillfeather was well. QUILLFEATHER left.", name="Ada Quillfeather", ward="3B")]]
    plain, _ = world.run(given)
    assert plain[0].text == given[0][0].text, "the name is found without the column, so this shows nothing"
    kept, worker = world.run(given, fingerprint=b"2", columns={"name": "PERSON"})
    assert kept[0].text == "[PERSON] was well. [PERSON] left."
    assert dict(kept[0].attributes) == {"name": "[PERSON]"}
    assert given[0][0].attributes == {"name": "Ada Quillfeather", "ward": "3B"}
    assert len(worker.given) == 1


def test_a_records_id_can_be_looked_for_in_its_text(world: World) -> None:
    given = [[Record("HX48291177", "p", "Bring HX48291177.", None, Provenance("n.csv", 1), {})]]
    plain, _ = world.run(given)
    columns = {"id": {"action": "keep", "entity_type": "MEDICAL_RECORD_NUMBER"}}
    kept, _ = world.run(given, fingerprint=b"2", columns=columns)
    assert "HX48291177" not in kept[0].text
    assert kept[0].record_id == "HX48291177"  # sealed with the record: it ties the store to the source
    assert plain[0].text == "Bring HX48291177." or "[" in plain[0].text


def test_free_text_columns_are_de_identified_and_never_wiped(world: World) -> None:
    given = [[record(0, TEXTS[0], name="Call 212-555-5555 again.", lang=None)]]
    kept, worker = world.run(given, columns={"name": "text"})
    assert dict(kept[0].attributes) == {"name": "Call [PHONE_NUMBER] again."}
    assert [document.text for document in worker.given] == [TEXTS[0], "Call 212-555-5555 again."]


def test_a_free_text_column_that_is_set_aside_takes_the_record_with_it(world: World) -> None:
    given = [[record(0, "Seen.", name="On 03/12/2019.")]]
    kept, _ = world.run(given, columns={"name": "text"}, worker=Refusing(world.deidentifier))
    assert kept == []
    assert world.counts[0].quarantined.total() == 1


@pytest.mark.parametrize(
    ("cell", "language"), [("es", "es"), ("ES", "es"), ("en-US", "en"), ("Español ", "es"), ("", None), (None, None)]
)
def test_a_language_is_taken_from_its_column(world: World, cell: str | None, language: str | None) -> None:
    _, worker = world.run([[record(0, "Seen.", lang=cell)]], language_column="lang")
    assert worker.given[0].language == language


@pytest.mark.parametrize("cell", ["xx", "French", "e", "zz-ZZ", "3"])
def test_a_record_in_a_language_that_nobody_reads_is_set_aside(world: World, cell: str) -> None:
    given = [[record(0, "Seen.", lang=cell), record(1, "Seen.", lang="en")]]
    kept, worker = world.run(given, language_column="lang")
    assert [item.record_id for item in kept] == ["id-1"]
    assert world.counts[0].quarantined == {"a record's language has no recognisers": 1}
    assert len(worker.given) == 1


def test_records_of_a_subject_are_read_together_only_where_that_is_the_unit(world: World) -> None:
    assert world.run(batches())[1].together is False
    assert world.run(batches(), fingerprint=b"2", by_subject=True)[1].together is True


def test_a_cell_whose_replacement_fails_is_not_quoted(world: World) -> None:
    def quote(value: str, entity_type: str, document: Document) -> str:
        raise RuntimeError(f"cannot replace {value!r}")

    with pytest.raises(DefectError, match="de-identification failed with RuntimeError") as raised:
        world.run([[record(0, "Seen.", name="Quillfeather")]], columns={"name": "PERSON"}, replace=quote)
    assert raised.value.__context__ is None


def test_a_worker_that_gives_too_few_outcomes_is_a_defect_and_no_record_passes(world: World) -> None:
    class Short(Recording):
        def deidentify_many(
            self, texts: Iterable[str | Document], *, processes: int = 1, by_subject: bool = False
        ) -> Iterator[Outcome]:
            for number, text in enumerate(texts):
                if number != 4:
                    yield from self._inner.deidentify_many([text])

    with pytest.raises(DefectError, match="too few outcomes"):
        world.run(batches(), worker=Short(world.deidentifier))
