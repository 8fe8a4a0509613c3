"""From the source to the store with a policy: what is kept, counted, told, and taken up after an interruption."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.small import PASSPHRASE, SmallEncoder, make_site, open_site

from fedaug.augmentation.encoder import Progress
from fedaug.cli import run
from fedaug.client.batches import by_subject
from fedaug.client.preparation import Preparation
from fedaug.client.records import Record, RowReport
from fedaug.client.site import Site
from fedaug.client.used_surrogates import UsedSurrogates
from fedaug.errors import ConfigError, MalformedSource, NotPrepared
from fedaug.privacy.deid.columns import ColumnPolicy
from fedaug.privacy.deid.deidentify import Deidentifier

CALL = "Seen on 03/14/2019, call 212-555-5555."
ROWS = [(f"s{i % 40}", f"{CALL} Week {i}.", "fever") for i in range(600)]
SECRET = "Quimby"


def texts(site: Site) -> list[str]:
    return [record.text for record in site._rows._store.records()]


@pytest.fixture(autouse=True)
def _rules_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The layers without the neural one: what is prepared, and not what is found, is looked at here."""

    class Rules(Deidentifier):
        def __init__(self, *arguments: Any, **settings: Any) -> None:
            super().__init__(*arguments, **{**settings, "neural": False})

    monkeypatch.setattr("fedaug.client.preparation.Deidentifier", Rules)


def prepared(folder: Path, text: str, **settings: Any) -> tuple[str, Any]:
    """One record's text after preparation, and what was told of it."""
    site = make_site(folder, [("s", text, "fever")], prepare=False, **settings)
    done = site.prepare()
    (kept,) = texts(site)
    site.close()
    return kept, done


def test_the_default_keeps_the_year_and_puts_tags(tmp_path: Path) -> None:
    kept, done = prepared(tmp_path / "site", CALL)
    assert kept == "Seen on 2019, call [PHONE_NUMBER]."
    assert done.policy == "hipaa-safe-harbor"
    assert done.found == {"DATE_TIME": 1, "PHONE_NUMBER": 1}
    assert any("never Safe Harbor" in note for note in done.notes)


def test_surrogates_differ_between_sites_and_stay_the_same_at_one(tmp_path: Path) -> None:
    first, _ = prepared(tmp_path / "a", CALL, deid__policy="gdpr-pseudonymise")
    second, _ = prepared(tmp_path / "b", CALL, deid__policy="gdpr-pseudonymise")
    assert "03/14/2019" not in first + second
    assert "212-555-5555" not in first + second
    assert first != second
    again = open_site(tmp_path / "a")
    again.prepare()
    assert texts(again) == [first]
    again.close()


def test_the_surrogates_that_stand_in_the_records_are_kept_sealed_with_them(tmp_path: Path) -> None:
    site = make_site(
        tmp_path / "site",
        [("s", "", "fever")],
        prepare=False,
        deid__policy="gdpr-pseudonymise",
        source__columns__attributes=["phone"],
        deid__columns={"phone": "PHONE_NUMBER"},
    )
    row = {"id": "1", "subject": "s", "label": "fever", "text": CALL, "phone": "646-555-0147"}
    write_source(site, [row])
    used = UsedSurrogates(site._store)
    with pytest.raises(NotPrepared, match="prepare again"):
        used.read()
    site.prepare()
    (record,) = site.records()
    first, second = used.read()
    assert {first in record.text, second in record.text} == {True, False}
    assert {first, second} >= {record.attributes["phone"]}
    for path in site.folder.rglob("*"):
        if path.is_file():
            assert not any(one.encode() in path.read_bytes() for one in (first, second)), path.name
    write_source(site, [row | {"text": "Nobody was called.", "phone": None}])
    site.prepare()
    assert used.read() == []  # those of records that are gone are gone with them
    site.close()


def test_a_run_that_is_taken_up_keeps_the_surrogates_of_what_was_done_before(tmp_path: Path) -> None:
    rows = [(f"s{k}", f"Call 212-555-{k:04d}.", "fever") for k in range(600)]
    site = make_site(tmp_path / "site", rows, prepare=False, deid__policy="gdpr-pseudonymise")

    def stop(done: int, total: int) -> None:
        assert done < total, "there is one batch only"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        site.prepare(deidentified=stop)
    site.close()
    site = open_site(tmp_path / "site")
    site.prepare()
    used = UsedSurrogates(site._store).read()
    assert all(any(one in record.text for one in used) for record in site.records())
    assert len(used) > 500
    site.close()


def test_a_sites_own_policy_lies_in_its_folder(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "own.toml").write_text(
        'name = "own"\nextends = "hipaa-safe-harbor"\n[entities]\nDATE_TIME = "keep"\n'
    )
    site = make_site(tmp_path / "made", [("s", CALL, "fever")], prepare=False, deid__policy="own.toml")
    with pytest.raises(ConfigError, match="FA101: the policy file is not there"):
        site.check()
    (tmp_path / "site" / "own.toml").rename(tmp_path / "made" / "own.toml")
    site.check()
    assert site.prepare().policy == "own"
    assert texts(site) == ["Seen on 03/14/2019, call [PHONE_NUMBER]."]
    site.close()


def test_a_hostile_policy_is_one_line_and_the_store_stays(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "passphrase").write_bytes(PASSPHRASE)
    monkeypatch.setenv("FEDAUG_PASSPHRASE_FILE", str(tmp_path / "passphrase"))
    folder = tmp_path / "site"
    make_site(folder, [("s", CALL, "fever")]).close()
    settings = folder / "site.toml"
    settings.write_text(settings.read_text().replace('policy = "hipaa-safe-harbor"', 'policy = "own.toml"'))
    (folder / "own.toml").write_text(f'name = "own"\nextends = "pci"\n[entities]\nPERSON = "{SECRET}"\n')
    before = (folder / "store" / "records.sealed").read_bytes()
    for command in ("check", "prepare"):
        assert run(["site", command, str(folder)]) == 2
        said = capsys.readouterr().err.strip().splitlines()[-1]
        assert said.startswith("FA101: the policy file: entities.PERSON.operator")
        assert SECRET not in said
    assert (folder / "store" / "records.sealed").read_bytes() == before


def test_what_a_site_adds_is_found_and_a_missing_list_is_told_before_the_work(tmp_path: Path) -> None:
    pattern = {"name": "badge", "pattern": "B-[0-9]{6}", "entity_type": "STAFF_BADGE"}
    kept, done = prepared(tmp_path / "a", "Badge B-482911.", deid__patterns=[pattern])
    assert kept == "Badge [STAFF_BADGE]."
    assert done.found["STAFF_BADGE"] == 1
    added = [{"path": "staff.txt", "entity_type": "PERSON"}]
    site = make_site(tmp_path / "b", [("s", "Ask Xylander.", "fever")], prepare=False, deid__lists=added)
    with pytest.raises(ConfigError, match=r"a file in deid\.lists cannot be read"):
        site.prepare()
    (tmp_path / "b" / "staff.txt").write_text("Xylander\n")
    site.prepare()
    assert texts(site) == ["Ask [PERSON]."]
    site.close()


def test_a_column_that_the_policy_would_leave_in_clear_is_told_before_the_work(tmp_path: Path) -> None:
    settings = {"deid__policy": "pci", "deid__columns": {"name": "PERSON"}}
    columns = {"source__columns__attributes": ["name"]}
    site = make_site(tmp_path / "a", [("s", "Nothing here.", "fever")], prepare=False, **settings, **columns)
    for work in (site.check, site.prepare):
        with pytest.raises(ConfigError, match="the column name is to take out PERSON"):
            work()
    site.close()


def write_source(site: Site, rows: Sequence[dict[str, Any]]) -> None:
    lines = "\n".join(map(json.dumps, rows))
    (site.folder / "source.jsonl").write_text(lines + "\n")


def test_columns_are_dropped_replaced_and_looked_for_in_the_text(tmp_path: Path) -> None:
    site = make_site(
        tmp_path / "site",
        [("s", "x", "fever")],
        prepare=False,
        source__columns__attributes=["name", "ward", "born"],
        deid__columns={"name": "PERSON", "born": "DATE_TIME"},
    )
    row = {"id": "1", "subject": "s", "label": "fever", "text": "Quillfeather coughs.", "ward": "3B"}
    write_source(site, [row | {"name": "Ada Quillfeather", "born": "1961-04-02"}])
    site.prepare()
    (record,) = site._rows._store.records()
    assert record.text == "[PERSON] coughs."
    assert dict(record.attributes) == {"name": "[PERSON]", "born": "1961"}
    site.close()


def test_the_checklist_tells_of_the_sites_own_threshold_and_of_columns_that_stay(tmp_path: Path) -> None:
    def done(folder: str, **settings: Any) -> Any:
        site = make_site(
            tmp_path / folder, [("s", CALL, "fever")], prepare=False, source__columns__attributes=["ward"], **settings
        )
        write_source(site, [{"id": "1", "subject": "s", "label": "fever", "text": CALL, "ward": "3B"}])
        checklist = site.prepare().safe_harbor
        site.close()
        return checklist

    plain = done("plain")
    assert all("score" not in remark for item in plain.items for remark in item.remarks.values())
    assert not any(item.columns for item in plain.items)
    doubtful = done("doubtful", deid__score_threshold=0.9, deid__columns={"ward": "keep"})
    assert any("score" in remark for item in doubtful.items for remark in item.remarks.values())
    assert any("ward" in item.columns for item in doubtful.items)


ARM = [{"name": "arm", "pattern": "arm (?P<value>[A-Z]{2}-[0-9K]+)", "entity_type": "ID"}]
SUBJECT = [
    ("anna", "Arm HX-48K91 begins.", "fever"),
    ("bert", "He wrote HX-48K91 on it.", "fever"),
    ("anna", "She wrote HX-48K91 on it.", "fever"),
]


def test_what_is_found_in_a_record_is_looked_for_in_the_subjects_others_and_in_nobody_elses(tmp_path: Path) -> None:
    by_row: dict[str, dict[int, str]] = {}
    for unit in ("subject", "record"):
        site = make_site(tmp_path / unit, SUBJECT, privacy__unit=unit, deid__patterns=ARM)
        by_row[unit] = {record.provenance.row: record.text for record in site._rows._store.records()}
        site.close()
    berts, _ = prepared(tmp_path / "bert", SUBJECT[1][1], deid__patterns=ARM)
    annas, _ = prepared(tmp_path / "anna", SUBJECT[2][1], deid__patterns=ARM)
    assert "HX-48K91" not in by_row["subject"][1] + by_row["record"][1] + by_row["subject"][3]
    assert by_row["subject"][2] == by_row["record"][2] == berts, "a record depends on another subject's"
    assert by_row["record"][3] == annas, "a record depends on another record, which is a unit of its own"
    assert "HX-48K91" in annas, "it is found without the other record, so this shows nothing"


class Stop(BaseException):
    """Ctrl-C, as a test can tell it from a real one."""


@pytest.mark.parametrize("unit", ["record", "subject"])
def test_an_interrupted_run_leaves_the_store_and_is_taken_up(tmp_path: Path, unit: str) -> None:
    site = make_site(tmp_path / "site", ROWS, prepare=False, privacy__unit=unit)
    seen: list[tuple[int, int]] = []

    def stop_at_the_second(done: int, total: int) -> None:
        seen.append((done, total))
        if len(seen) == 2:
            raise Stop

    with pytest.raises(Stop):
        site.prepare(deidentified=stop_at_the_second)
    assert seen[-1][0] < seen[-1][1] == 600
    assert not site.status().prepared
    assert not (site.folder / "store" / "records.sealed").exists()
    finished = sorted((site.folder / "store" / "batches").iterdir())
    assert len(finished) >= 2
    assert all(b"Seen on" not in path.read_bytes() for path in finished)
    times = {path.name: path.stat().st_mtime_ns for path in finished}
    site.close()

    again = open_site(site.folder)
    written: dict[str, int] = {}

    def look(done: int, total: int) -> None:
        written.update({path.name: path.stat().st_mtime_ns for path in (site.folder / "store" / "batches").iterdir()})

    done = again.prepare(deidentified=look)
    assert {name: written[name] for name in times} == times, "a finished batch was done again"
    assert len(written) > len(times)
    assert done.records == len(texts(again)) == 600
    assert done.found["PHONE_NUMBER"] == 600
    assert not (site.folder / "store" / "batches").exists()
    again.close()

    whole = make_site(tmp_path / "whole", ROWS, privacy__unit=unit)
    fresh = {record.record_id: record.text for record in whole._rows._store.records()}
    assert {record.record_id: record.text for record in again._rows._store.records()} == fresh
    whole.close()


def test_a_run_cut_off_while_embedding_does_not_de_identify_again(tmp_path: Path) -> None:
    class Stopping(SmallEncoder):
        def embed(self, texts: Sequence[str], progress: Progress | None = None) -> NDArray[np.float32]:
            raise Stop

    site = make_site(tmp_path / "site", ROWS[:10], prepare=False, encoder=Stopping)
    with pytest.raises(Stop):
        site.prepare()
    (path,) = (site.folder / "store" / "batches").iterdir()
    before = path.stat().st_mtime_ns
    site.close()
    again = open_site(site.folder)
    after: list[int] = []
    assert again.prepare(deidentified=lambda done, total: after.append(path.stat().st_mtime_ns)).records == 10
    assert after == [before]
    again.close()


def test_another_policy_does_not_take_up_what_the_first_one_did(tmp_path: Path) -> None:
    site = make_site(tmp_path / "site", ROWS[:10], prepare=False)

    def stop(done: int, total: int) -> None:
        raise Stop

    with pytest.raises(Stop):
        site.prepare(deidentified=stop)
    site.close()
    settings = site.folder / "site.toml"
    settings.write_text(settings.read_text().replace('policy = "hipaa-safe-harbor"', 'policy = "pci"'))
    again = open_site(site.folder)
    again.prepare()
    assert texts(again)[0].startswith(CALL)
    again.close()


def test_a_bad_row_at_the_end_is_told_before_anything_is_de_identified(tmp_path: Path) -> None:
    site = make_site(tmp_path / "site", [*ROWS[:300], ("s", "", "fever")], prepare=False)
    with pytest.raises(Exception, match="row 301 has an empty text"):
        site.prepare()
    assert not (site.folder / "store" / "batches").exists()
    site.close()


def test_a_source_that_changes_meanwhile_is_told_and_the_store_stays(tmp_path: Path) -> None:
    site = make_site(tmp_path / "site", ROWS[:600])
    before = texts(site)
    extra = {"id": "x", "subject": "x", "text": "more", "label": "fever"}

    def append(done: int, total: int) -> None:
        with (site.folder / "source.jsonl").open("a") as source:
            source.write(json.dumps(extra | {"id": f"x{done}"}) + "\n")

    class Changing(type(site._preparation)):  # type: ignore[misc]  # a class that is known at run time
        def _read_through(self) -> Any:
            found = super()._read_through()
            append(0, 0)
            return found

    site._preparation.__class__ = Changing
    with pytest.raises(MalformedSource, match="FA211: the source changed while it was read"):
        site.prepare()
    assert texts(site) == before
    site.close()


def test_progress_is_told_for_both_parts(tmp_path: Path) -> None:
    site = make_site(tmp_path / "site", ROWS, prepare=False)
    embedded: list[tuple[int, int]] = []
    deidentified: list[tuple[int, int]] = []
    site.prepare(lambda *step: embedded.append(step), lambda *step: deidentified.append(step))
    assert deidentified[-1] == embedded[-1] == (600, 600)
    assert len(deidentified) > 2
    site.close()


@pytest.fixture
def cli_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "passphrase").write_bytes(PASSPHRASE)
    monkeypatch.setenv("FEDAUG_PASSPHRASE_FILE", str(tmp_path / "passphrase"))
    monkeypatch.setattr("fedaug.client.site.MiniLM", SmallEncoder)
    make_site(tmp_path / "site", [*ROWS[:3], ("s", "x" * 10, "fever")], prepare=False).close()
    return tmp_path / "site"


def test_prepare_tells_counts_by_type_and_the_policys_notes(cli_site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["site", "prepare", str(cli_site)]) == 0
    out = capsys.readouterr().out
    assert "4 records are in the store; 0 could not be de-identified" in out
    assert "found, by the policy hipaa-safe-harbor: DATE_TIME 3, PHONE_NUMBER 3" in out
    assert "note: Detection alone is never Safe Harbor" in out
    assert run(["site", "prepare", str(cli_site), "--json"]) == 0
    values = json.loads(capsys.readouterr().out)
    assert values["found"] == {"DATE_TIME": 3, "PHONE_NUMBER": 3}
    assert (values["records"], values["quarantined"], values["quarantined_reasons"]) == (4, 0, {})
    assert values["policy"] == "hipaa-safe-harbor"
    assert len(values["notes"]) >= 3
    assert [item["letter"] for item in values["safe_harbor"]["identifiers"]] == list("ABCDEFGHIJKLMNOPQR")
    assert "actual knowledge" in values["safe_harbor"]["statement"]


def test_prepare_tells_why_records_were_set_aside(
    cli_site: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fedaug.privacy.deid.pattern_layer.PatternLayer._by_rules", lambda *_: 1 / 0)
    assert run(["site", "prepare", str(cli_site)]) == 0
    out = capsys.readouterr().out
    assert "0 records are in the store; 4 could not be de-identified" in out
    assert "  a recogniser failed" in out


# Seeded defects: each of these makes a promise above untrue, and the test above must say so.


def test_a_site_that_always_reads_subjects_together_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def everything(self: Preparation, chars: int) -> Any:
        return by_subject(lambda: (replace_subject(record) for record in self._source(RowReport())), chars)

    def replace_subject(record: Record) -> Record:
        return Record(record.record_id, "all", record.text, record.label, record.provenance, record.attributes)

    monkeypatch.setattr(Preparation, "_batches", everything)
    with pytest.raises(AssertionError, match="depends on another subject"):
        test_what_is_found_in_a_record_is_looked_for_in_the_subjects_others_and_in_nobody_elses(tmp_path)


def test_a_fingerprint_without_the_policy_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Preparation, "_fingerprint", lambda *_: b"the same for every policy")
    with pytest.raises(AssertionError):
        test_another_policy_does_not_take_up_what_the_first_one_did(tmp_path)


def test_columns_that_are_kept_unless_they_are_named_are_caught(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ColumnPolicy, "_action", lambda self, name: getattr(self.columns.get(name), "action", "keep"))
    with pytest.raises(AssertionError, match="3B"):
        test_columns_are_dropped_replaced_and_looked_for_in_the_text(tmp_path)
