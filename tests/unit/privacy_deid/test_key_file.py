"""The file with the secrets of surrogates: its owner's alone, and refused when it is anything else."""

import json
from pathlib import Path

import pytest
from tests.seeded_noise import SeededNoise

from fedaug.errors import ConfigError, MissingFile
from fedaug.privacy.deid.batch import make_key_file, read_key_file
from fedaug.privacy.noise import SystemNoise


def test_what_is_made_is_read_back_and_two_files_differ(tmp_path: Path) -> None:
    for name in ("a.key", "b.key"):
        make_key_file(tmp_path / name, SystemNoise())
    first, again, other = (read_key_file(tmp_path / name) for name in ("a.key", "a.key", "b.key"))
    assert first == again
    assert first.surrogate != other.surrogate
    assert first.encryption != other.encryption
    assert first.encryption != first.surrogate.to_bytes()
    assert (tmp_path / "a.key").stat().st_mode & 0o777 == 0o600


def test_nothing_printed_holds_the_secret(tmp_path: Path) -> None:
    make_key_file(tmp_path / "a.key", SystemNoise())
    keys = read_key_file(tmp_path / "a.key")
    assert keys.surrogate.to_bytes().hex() not in repr(keys) + keys.mark
    assert keys.encryption.hex() not in repr(keys)
    assert len(keys.mark) == 16


def test_a_key_is_never_written_over(tmp_path: Path) -> None:
    make_key_file(tmp_path / "a.key", SystemNoise())
    before = (tmp_path / "a.key").read_bytes()
    with pytest.raises(ConfigError, match="there already"):
        make_key_file(tmp_path / "a.key", SystemNoise())
    assert (tmp_path / "a.key").read_bytes() == before
    with pytest.raises(ConfigError, match="cannot be written"):
        make_key_file(tmp_path / "none" / "a.key", SystemNoise())


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    make_key_file(tmp_path / "a.key", SystemNoise())
    (tmp_path / "a.key").chmod(0o640)
    with pytest.raises(ConfigError, match="chmod 600"):
        read_key_file(tmp_path / "a.key")


@pytest.mark.parametrize(
    "damage",
    [
        {"format": "x"},
        {"surrogate": "00"},
        {"surrogate": 7},
        {"encryption": "zz" * 32},
        {"encryption": "00" * 31},
        {"encryption": None},
    ],
)
def test_a_damaged_file_is_refused(damage: dict[str, object], tmp_path: Path) -> None:
    path = tmp_path / "a.key"
    make_key_file(path, SystemNoise())
    path.write_text(json.dumps(json.loads(path.read_text()) | damage))
    with pytest.raises(ConfigError, match="damaged"):
        read_key_file(path)


@pytest.mark.parametrize("data", [b"", b"[1]", b"\xff", b"{}" + b" " * 5_000, b"[" * 4_000])
def test_what_is_no_key_file_is_refused(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.key"
    path.write_bytes(data)
    path.chmod(0o600)
    with pytest.raises(ConfigError, match="damaged, or is none"):
        read_key_file(path)
    with pytest.raises(MissingFile):
        read_key_file(tmp_path / "none.key")


def test_the_same_randomness_gives_the_same_file(tmp_path: Path) -> None:
    for name in ("a.key", "b.key"):
        make_key_file(tmp_path / name, SeededNoise(3))
    assert (tmp_path / "a.key").read_bytes() == (tmp_path / "b.key").read_bytes()
