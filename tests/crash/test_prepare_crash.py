"""Whenever a preparation is killed, nothing is in the clear, no finished batch is lost, and the next one ends alike."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.small import make_site, open_site

from fedaug.client.site import Site
from fedaug.privacy.deid.deidentify import Deidentifier

ROOT = Path(__file__).resolve().parents[2]
ROWS = [(f"s{i % 40}", f"Seen on 03/14/2019 for plainword, call 212-555-5555. Week {i}.", "fever") for i in range(600)]
PLAIN = (b"plainword", b"212-555-5555")

#: Prepares each folder in a process of its own, which dies by its own hand at the folder's point.
CHILD = """
import os, signal, sys
from pathlib import Path
from tests.small import open_site
from fedaug.client import checkpoints, preparation, store
from fedaug.privacy import files
from fedaug.privacy.deid.deidentify import Deidentifier

def dying(function, call, *, before):
    calls = 0
    def called(*arguments, **options):
        nonlocal calls
        calls += 1
        if calls == call and before:
            os.kill(os.getpid(), signal.SIGKILL)
        result = function(*arguments, **options)
        if calls == call:
            os.kill(os.getpid(), signal.SIGKILL)
        return result
    return called

class Rules(Deidentifier):
    def __init__(self, *arguments, **settings):
        super().__init__(*arguments, **{**settings, "neural": False})

preparation.Deidentifier = Rules
POINTS = {
    "in-the-second-batch": lambda: setattr(files.os, "fsync", dying(os.fsync, 3, before=True)),
    "after-the-second-batch": lambda: setattr(
        checkpoints.Checkpoints, "write", dying(checkpoints.Checkpoints.write, 2, before=False)
    ),
    "before-the-store": lambda: setattr(
        store.SealedStore, "write_records", dying(store.SealedStore.write_records, 1, before=True)
    ),
    "after-the-store": lambda: setattr(
        store.SealedStore, "write_records", dying(store.SealedStore.write_records, 1, before=False)
    ),
}
for folder in map(Path, sys.argv[1:]):
    if (child := os.fork()) == 0:
        POINTS[folder.name]()
        open_site(folder).prepare()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    print(folder.name, os.waitstatus_to_exitcode(status), flush=True)
"""
POINTS = ("in-the-second-batch", "after-the-second-batch", "before-the-store", "after-the-store")


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("killed")
    for point in POINTS:
        make_site(folder / point, ROWS, prepare=False).close()
    arguments = [sys.executable, "-c", CHILD, *(str(folder / point) for point in POINTS)]
    done = subprocess.run(arguments, cwd=ROOT, check=True, capture_output=True, text=True)
    assert done.stdout.split() == [word for point in POINTS for word in (point, "-9")], done.stderr
    return {point: folder / point for point in POINTS}


@pytest.fixture(autouse=True)
def _rules_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    class Rules(Deidentifier):
        def __init__(self, *arguments: Any, **settings: Any) -> None:
            super().__init__(*arguments, **{**settings, "neural": False})

    monkeypatch.setattr("fedaug.client.preparation.Deidentifier", Rules)


def finished(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in (folder / "store" / "batches").glob("batch-*.sealed")}


def texts(site: Site) -> dict[str, str]:
    return {record.record_id: record.text for record in site._rows._store.records()}


@pytest.mark.parametrize("point", POINTS)
def test_a_killed_preparation_is_taken_up_and_ends_alike(point: str, killed: dict[str, Path], tmp_path: Path) -> None:
    folder = killed[point]
    left = finished(folder)
    assert len(left) == {"in-the-second-batch": 1, "after-the-second-batch": 2}.get(point, 3), "no progress was made"
    files = [path for path in (folder / "store").rglob("*") if path.is_file()]
    assert all(word not in path.read_bytes() for path in files for word in PLAIN)
    assert (folder / "store" / "records.sealed").exists() is (point == "after-the-store")
    site = open_site(folder)
    assert not site.status().prepared
    kept: list[dict[str, int]] = []
    site.prepare(deidentified=lambda done, total: kept.append(finished(folder)))
    assert {name: kept[-1][name] for name in left} == left, "a finished batch was done again"
    assert [path.name for path in (folder / "store").iterdir() if path.name.startswith((".", "batches"))] == []
    whole = make_site(tmp_path / "whole", ROWS)
    assert texts(site) == texts(whole)
    assert len(texts(site)) == len(ROWS)
    assert site.status().prepared
    site.close()
    whole.close()
