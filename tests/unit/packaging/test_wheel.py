"""The wheel holds every source that is tracked, and nothing else; mypy checks every module of the package."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from mypy.main import process_options

ROOT = Path(__file__).resolve().parents[3]
REAL_FOLDERS = ("client", "privacy", "server", "strategies")


def tracked_files() -> list[str]:
    """Paths that git tracks or would offer to track; links are left out: they stand for the real folders."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listing = subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout.decode()
    paths = [ROOT / name for name in listing.split("\0") if name]
    return [path.relative_to(ROOT).as_posix() for path in paths if path.is_file() and not path.is_symlink()]


def expected_in_wheel() -> set[str]:
    names = tracked_files()
    rooms = tuple(f"{room}/" for room in REAL_FOLDERS)
    inside = {f"fedaug/{name}" for name in names if name.startswith(rooms)}
    return inside | {name.removeprefix("src/") for name in names if name.startswith("src/fedaug/")}


def build(kind: str, source: Path, out: Path) -> Path:
    command = [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(out)]
    subprocess.run(command, cwd=source, check=True, capture_output=True)
    (made,) = out.iterdir()
    return made


def contents(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert len(names) == len(set(names)), "a file is in the wheel twice"
    return set(names)


@pytest.fixture(scope="module")
def wheel_contents(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    return contents(build("wheel", ROOT, tmp_path_factory.mktemp("wheel")))


def test_wheel_holds_exactly_the_tracked_sources(wheel_contents: set[str]) -> None:
    modules = {name for name in wheel_contents if name.startswith("fedaug/")}
    assert len(modules) > 20
    assert modules == expected_in_wheel()


def test_a_wheel_made_from_the_source_archive_is_the_same(wheel_contents: set[str], tmp_path: Path) -> None:
    archive = build("sdist", ROOT, tmp_path / "sdist")
    with tarfile.open(archive) as files:
        files.extractall(tmp_path, filter="data")
    unpacked = tmp_path / archive.name.removesuffix(".tar.gz")
    assert contents(build("wheel", unpacked, tmp_path / "wheel")) == wheel_contents


def test_wheel_carries_the_licence_and_the_notice(wheel_contents: set[str]) -> None:
    texts = {name.rpartition("/")[2] for name in wheel_contents if ".dist-info/licenses/" in name}
    assert texts == {"LICENSE", "NOTICE"}


def test_mypy_checks_every_module_of_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    sources = [source for source in process_options([])[0] if (source.path or "").endswith(".py")]
    modules = sorted(name for name in expected_in_wheel() if name.endswith(".py"))
    assert len(modules) > 20
    assert len(sources) == len(modules), "mypy checks another number of files than the package has modules"
    names = {name.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for name in modules}
    assert {source.module for source in sources} == names
