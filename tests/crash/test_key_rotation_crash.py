"""Whenever a rotation of keys is killed, the folder has the old ring or the new one, whole."""

from __future__ import annotations

import signal
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from fedaug.errors import SealError
from fedaug.privacy.keys import KeyRing

PASSPHRASE = b"a passphrase for tests"

#: Rotates, and dies by its own hand at a named point.
CHILD = """
import os, signal, sys
from datetime import date
from pathlib import Path
from fedaug.privacy import files, keys

def dying(function, before):
    def called(*arguments, **options):
        if before:
            os.kill(os.getpid(), signal.SIGKILL)
        function(*arguments, **options)
        os.kill(os.getpid(), signal.SIGKILL)
    return called

folder, point = Path(sys.argv[1]), sys.argv[2]
entropy = os.urandom
if point == "before a new key is drawn":
    entropy = dying(os.urandom, True)
elif point == "before the new file is opened":
    keys.whole_file = dying(keys.whole_file, True)
elif point == "before the new file is on the disk":
    files.os.fsync = dying(os.fsync, True)
elif point == "after the new file is on the disk":
    files.os.fsync = dying(os.fsync, False)
elif point == "after the new file has the old one's name":
    Path.replace = dying(Path.replace, False)
elif point == "writing in place":  # the seeded defect
    def in_place(path, *, overwrite):
        path.write_bytes(b"{")
        os.kill(os.getpid(), signal.SIGKILL)
    keys.whole_file = in_place
keys.KeyRing.rotate(folder, sys.argv[3].encode(), date(2026, 3, 1), entropy)
"""

OLD = (
    "before a new key is drawn",
    "before the new file is opened",
    "before the new file is on the disk",
    "after the new file is on the disk",
)
NEW = ("after the new file has the old one's name",)


def killed_at(point: str, folder: Path) -> None:
    arguments = [sys.executable, "-c", CHILD, str(folder), point, PASSPHRASE.decode()]
    done = subprocess.run(arguments, check=False, capture_output=True)
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()


@pytest.mark.parametrize("point", [*OLD, *NEW])
def test_a_killed_rotation_leaves_one_whole_ring(point: str, tmp_path: Path) -> None:
    created = KeyRing.create(tmp_path, PASSPHRASE, scrypt_n=2)
    key, wrapped = created.new_data_key(b"records")
    killed_at(point, tmp_path)
    opened = KeyRing.open(tmp_path, PASSPHRASE)
    assert opened.data_key(wrapped, b"records") == key
    same = opened.signer.private_bytes_raw() == created.signer.private_bytes_raw()
    assert same is (point in OLD)
    assert len(opened.retired) == (0 if same else 1)
    rotated = KeyRing.rotate(tmp_path, PASSPHRASE, date(2026, 3, 2))
    assert rotated.data_key(wrapped, b"records") == key
    assert [path.name for path in (tmp_path / "keys").iterdir()] == ["keyring.json"], "a killed rotation left a key"


def test_a_ring_that_is_written_in_place_is_caught(tmp_path: Path) -> None:
    KeyRing.create(tmp_path, PASSPHRASE, scrypt_n=2)
    killed_at("writing in place", tmp_path)
    with pytest.raises(SealError, match="FA501"):
        KeyRing.open(tmp_path, PASSPHRASE)
