"""De-identifying a file survives kill -9: what is there is de-identified, and ``--resume`` ends with the same bytes."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

from fedaug.privacy.deid import Deidentifier
from fedaug.privacy.deid.batch import Columns, Job, open_source, run

SECRET = "212-555-5555"
ROWS = 1_200
CHILD = """
import sys
from pathlib import Path
from tests.crash.test_batch_killed import job
from fedaug.privacy.deid import Deidentifier
from fedaug.privacy.deid.batch import run
run(job(Path(sys.argv[1]), Path(sys.argv[2])), Deidentifier(neural=False))
"""


def job(source: Path, out: Path) -> Job:
    return Job(open_source(source), source, out, Columns(("text",)), lambda cell, kind, document: "", {})


def test_a_killed_run_leaves_nothing_in_clear_and_goes_on_to_the_same_bytes(tmp_path: Path) -> None:
    source, whole, cut = tmp_path / "in.jsonl", tmp_path / "whole.jsonl", tmp_path / "cut.jsonl"
    rows = ({"text": f"{number}: seen on 06/21/07, call {SECRET}"} for number in range(ROWS))
    source.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    sidecar, partial = tmp_path / ".cut.jsonl.progress", tmp_path / ".cut.jsonl.partial"
    child = subprocess.Popen([sys.executable, "-c", CHILD, str(source), str(cut)], cwd=Path(__file__).parents[2])
    try:
        while not sidecar.exists():
            assert child.poll() is None, "it ended before it could be killed"
            time.sleep(0.01)
    finally:
        child.kill()
    assert child.wait() == -signal.SIGKILL
    assert not cut.exists()
    assert 0 < json.loads(sidecar.read_text("utf-8"))["rows"] < ROWS  # it had got somewhere, and not to the end
    for left in (sidecar, partial):
        assert left.stat().st_mode & 0o777 == 0o600
        assert SECRET not in left.read_text("utf-8", errors="replace")
    worker = Deidentifier(neural=False)
    assert run(job(source, cut), worker, resume=True).rows == ROWS
    run(job(source, whole), worker)
    assert cut.read_bytes() == whole.read_bytes()
    assert cut.read_bytes().count(b"\n") == ROWS
