"""What the repository may hold: small files, no code-running serialisers, no trace of a machine."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
MAX_BYTES = 2 * 1024 * 1024
# An embedded model's adapter is one file that cannot be split; all of them together stay small too.
MAX_WEIGHT_BYTES = 3_000_000
MAX_WEIGHTS_BYTES = 12 * 1024 * 1024
WEIGHTS = "privacy/deid/neural/weights/"

# Attacks may build a hostile payload with them; the product and its tools never.
UNPICKLING = re.compile(
    r"^\s*(?:import|from)\s+(?:pickle|cloudpickle|dill|shelve|marshal)\b|\btorch\.load\(", re.MULTILINE
)
# Home directories and absolute paths of one machine, and package hosts: other machines have neither.
MACHINE = re.compile(
    r"(?<![\w.-])/(?:work|root|home/\w+|Users/\w+)/[\w.-]|\b(?:py[p]i|files\.python[h]osted|registry\.np[m]js)\.org\b"
)


def tracked() -> list[Path]:
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True).stdout.decode()
    paths = [ROOT / name for name in listing.split("\0") if name]
    return [path for path in paths if path.is_file() and not path.is_symlink()]


def texts() -> list[tuple[str, str]]:
    found = []
    for path in tracked():
        try:
            found.append((path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")))
        except UnicodeDecodeError:
            continue
    return found


def test_every_file_is_small() -> None:
    files = tracked()
    assert len(files) > 50
    for path in files:
        name = path.relative_to(ROOT).as_posix()
        limit = MAX_WEIGHT_BYTES if name.startswith(WEIGHTS) else MAX_BYTES
        assert path.stat().st_size < limit, name
    weights = [path.stat().st_size for path in files if path.relative_to(ROOT).as_posix().startswith(WEIGHTS)]
    assert 0 < sum(weights) < MAX_WEIGHTS_BYTES


def test_nothing_outside_the_attacks_can_unpickle() -> None:
    python = [(name, text) for name, text in texts() if name.endswith(".py") and not name.startswith("tests/")]
    assert len(python) > 20
    assert [name for name, text in python if UNPICKLING.search(text)] == []


def test_no_file_names_one_machine_or_a_package_host() -> None:
    here = Path(__file__).relative_to(ROOT).as_posix()
    assert [name for name, text in texts() if name != here and MACHINE.search(text)] == []


@pytest.mark.parametrize("text", ["import pickle\n", "from pickle import loads\n", "x = torch.load(path)\n"])
def test_the_search_finds_what_it_looks_for(text: str) -> None:
    assert UNPICKLING.search(text)


@pytest.mark.parametrize("parts", ["see ,work,main,x", ",root,.cache", "cd ,home,me,data", "https:,,pypi.org,simple"])
def test_the_search_finds_machine_paths(parts: str) -> None:
    assert MACHINE.search(parts.replace(",", "/"))
