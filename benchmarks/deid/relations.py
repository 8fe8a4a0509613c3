"""Row 6: relations that surrogates keep. Measured by ``benchmarks.deid_surrogates``."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from benchmarks.deid.rows import Options, Row

ROOT = Path(__file__).resolve().parents[2]


def row(options: Options) -> Row:
    """Intervals of dates, names that stay one, and two sites whose surrogates differ."""
    command = [sys.executable, "-m", "benchmarks.deid_surrogates", "--json"]
    command += ["--limit", str(options.limit)] if options.limit else []
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    found = json.loads(done.stdout.splitlines()[-1])
    return Row(
        name="relations",
        unit=found["unit"],
        ours=found["ours"],
        alternative=found["alternative"],
        figures=found,
        bars=found["bars"],
        settings=found["settings"],
    )
