"""The key ring: useless without its passphrase, never overwritten, noticed when changed, rotated as a whole."""

from __future__ import annotations

import json
import threading
from datetime import date
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from fedaug.errors import ConfigError, SealError
from fedaug.privacy.key_file import KEY_FILE_BYTES, MOST_RETIRED
from fedaug.privacy.keys import STRONG_SCRYPT_N, WRAPPED_BYTES, KeyRing, RetiredKey, find_passphrase

PASSPHRASE = b"correct horse battery staple"
CHEAP = 2
DAY = date(2026, 3, 1)


def file_of(folder: Path) -> Path:
    return folder / "keys" / "keyring.json"


def create(folder: Path, **options: Any) -> KeyRing:
    return KeyRing.create(folder, PASSPHRASE, scrypt_n=CHEAP, **options)


def public(keys: KeyRing) -> bytes:
    return keys.signer.public_key().public_bytes_raw()


def test_opened_ring_holds_the_keys_that_were_created(tmp_path: Path) -> None:
    created = create(tmp_path)
    opened = KeyRing.open(tmp_path, PASSPHRASE)
    assert public(opened) == public(created)
    key, wrapped = created.new_data_key(b"a")
    assert opened.data_key(wrapped, b"a") == key
    assert len(wrapped) == WRAPPED_BYTES


def test_default_cost_is_the_strong_one_and_is_stored(tmp_path: Path) -> None:
    created = KeyRing.create(tmp_path, PASSPHRASE)
    assert json.loads(file_of(tmp_path).read_text())["scrypt_n"] == STRONG_SCRYPT_N >= 2**15
    assert public(KeyRing.open(tmp_path, PASSPHRASE)) == public(created)


@pytest.mark.parametrize("wrong", [b"", b"Correct horse battery staple", PASSPHRASE + b"\n"])
def test_wrong_passphrase_is_refused(tmp_path: Path, wrong: bytes) -> None:
    create(tmp_path)
    with pytest.raises(SealError, match="FA501: a key cannot be unwrapped") as raised:
        KeyRing.open(tmp_path, wrong)
    assert PASSPHRASE.decode() not in str(raised.value)


def test_existing_keys_are_not_overwritten(tmp_path: Path) -> None:
    created = create(tmp_path)
    with pytest.raises(ConfigError, match="FA101: the folder has keys already"):
        create(tmp_path)
    assert public(KeyRing.open(tmp_path, PASSPHRASE)) == public(created)
    assert [path.name for path in (tmp_path / "keys").iterdir()] == ["keyring.json"]


def test_keys_are_their_owners_only(tmp_path: Path) -> None:
    create(tmp_path / "site")
    assert file_of(tmp_path / "site").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "site" / "keys").stat().st_mode & 0o777 == 0o700


def test_no_two_sites_share_a_key(tmp_path: Path) -> None:
    first, second = create(tmp_path / "a"), create(tmp_path / "b")
    assert public(first) != public(second)
    with pytest.raises(SealError):
        second.data_key(first.new_data_key(b"a")[1], b"a")


def test_neither_key_lies_on_the_disk_in_plain(tmp_path: Path) -> None:
    drawn: list[bytes] = []
    numbers = count(1)

    def entropy(size: int) -> bytes:
        drawn.append(next(numbers).to_bytes(1, "big") * size)
        return drawn[-1]

    create(tmp_path, entropy=entropy)
    secrets = [value for value in drawn if len(value) == 32]
    assert len(secrets) == 2
    stored = file_of(tmp_path).read_bytes()
    for secret in secrets:
        assert secret not in stored
        assert secret.hex().encode() not in stored


def test_key_wrapped_for_one_file_does_not_open_another(tmp_path: Path) -> None:
    keys = create(tmp_path)
    _, wrapped = keys.new_data_key(b"records")
    with pytest.raises(SealError, match="FA501"):
        keys.data_key(wrapped, b"arrays")


def test_every_changed_field_of_the_key_file_is_noticed(tmp_path: Path) -> None:
    create(tmp_path)
    path = file_of(tmp_path)
    good = json.loads(path.read_text())
    signing, store = good["sealed"]["signing"], good["sealed"]["store"]
    flipped = format(int(signing[0], 16) ^ 1, "x") + signing[1:]
    changes: list[dict[str, Any]] = [
        {"version": 2},
        {"scrypt_n": 4},
        {"scrypt_n": 3},
        {"scrypt_n": 2**40},
        {"scrypt_n": True},
        {"scrypt_n": "2"},
        {"salt": "00" * 16},
        {"salt": "zz"},
        {"salt": 7},
        {"sealed": {"signing": store, "store": signing}},
        {"sealed": {"signing": flipped, "store": store}},
        {"sealed": {"signing": signing, "store": store[:-2]}},
        {"sealed": {"signing": signing}},
        {"sealed": []},
    ]
    for change in changes:
        path.write_text(json.dumps({**good, **change}))
        with pytest.raises(SealError, match="FA501"):
            KeyRing.open(tmp_path, PASSPHRASE)
    path.write_text(json.dumps(good))
    KeyRing.open(tmp_path, PASSPHRASE)


@pytest.mark.parametrize("data", [b"", b"[]", b"null", b"\xff", b"[" * 4_000, b'{"version":1}', b"x" * 10_000])
def test_key_file_that_is_not_one_is_refused(tmp_path: Path, data: bytes) -> None:
    create(tmp_path)
    file_of(tmp_path).write_bytes(data)
    with pytest.raises(SealError, match="FA501: the key file is damaged"):
        KeyRing.open(tmp_path, PASSPHRASE)


def test_site_without_keys_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="FA101: the folder has no keys"):
        KeyRing.open(tmp_path, PASSPHRASE)


@pytest.mark.parametrize("passphrase", [b"", b"x" * 1_025])
def test_empty_or_endless_passphrase_is_refused(tmp_path: Path, passphrase: bytes) -> None:
    with pytest.raises(ConfigError, match="passphrase"):
        KeyRing.create(tmp_path / "site", passphrase)
    assert not (tmp_path / "site").exists()


def refuse(_: str) -> str:
    raise AssertionError("the terminal was asked")


def test_passphrase_is_looked_up_file_first_then_credential_then_terminal(tmp_path: Path) -> None:
    (tmp_path / "named").write_bytes(b"from file\r\n")
    (tmp_path / "fedaug-passphrase").write_bytes(b" from credential ")
    environ = {"FEDAUG_PASSPHRASE_FILE": str(tmp_path / "named"), "CREDENTIALS_DIRECTORY": str(tmp_path)}
    assert find_passphrase(tmp_path, environ, refuse, lambda: True) == b"from file"
    del environ["FEDAUG_PASSPHRASE_FILE"]
    assert find_passphrase(tmp_path, environ, refuse, lambda: True) == b" from credential "
    (tmp_path / "fedaug-passphrase").unlink()
    assert find_passphrase(tmp_path, environ, lambda question: question[:10], lambda: True) == b"Passphrase"


def test_without_file_credential_or_terminal_there_is_no_passphrase(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="FA101: there is no passphrase"):
        find_passphrase(tmp_path, {}, refuse, lambda: False)


def test_named_passphrase_file_that_is_missing_is_not_passed_over(tmp_path: Path) -> None:
    environ = {"FEDAUG_PASSPHRASE_FILE": str(tmp_path / "gone")}
    with pytest.raises(ConfigError, match="FA101: the passphrase's file cannot be read"):
        find_passphrase(tmp_path, environ, refuse, lambda: True)


def test_rotation_replaces_the_signing_key_and_keeps_the_store_key(tmp_path: Path) -> None:
    first = create(tmp_path)
    key, wrapped = first.new_data_key(b"records")
    second = KeyRing.rotate(tmp_path, PASSPHRASE, DAY)
    third = KeyRing.rotate(tmp_path, PASSPHRASE, date(2027, 3, 1))
    opened = KeyRing.open(tmp_path, PASSPHRASE)
    assert len({public(first), public(second), public(third)}) == 3
    assert public(opened) == public(third)
    assert opened.data_key(wrapped, b"records") == key
    record = (RetiredKey(public(first).hex(), "2026-03-01"), RetiredKey(public(second).hex(), "2027-03-01"))
    assert opened.retired == third.retired == record
    assert first.retired == ()


def test_rotation_keeps_the_cost_the_mode_and_no_other_file(tmp_path: Path) -> None:
    create(tmp_path)
    leftover = tmp_path / "keys" / ".keyring.json.0011.partial"
    leftover.write_bytes(file_of(tmp_path).read_bytes())
    before = json.loads(file_of(tmp_path).read_text())
    KeyRing.rotate(tmp_path, PASSPHRASE, DAY)
    after = json.loads(file_of(tmp_path).read_text())
    assert after["scrypt_n"] == before["scrypt_n"] == CHEAP
    assert after["salt"] != before["salt"]
    assert file_of(tmp_path).stat().st_mode & 0o777 == 0o600
    assert [path.name for path in (tmp_path / "keys").iterdir()] == ["keyring.json"]


def test_retired_private_key_is_in_no_file(tmp_path: Path) -> None:
    old = create(tmp_path).signer.private_bytes_raw()
    before = file_of(tmp_path).read_text()
    KeyRing.rotate(tmp_path, PASSPHRASE, DAY)
    after = file_of(tmp_path).read_text()
    assert json.loads(before)["sealed"]["signing"] not in after
    assert old.hex() not in after
    assert KeyRing.open(tmp_path, PASSPHRASE).signer.private_bytes_raw() != old


def test_record_of_retired_keys_cannot_be_changed_or_taken_out(tmp_path: Path) -> None:
    create(tmp_path)
    KeyRing.rotate(tmp_path, PASSPHRASE, DAY)
    good = json.loads(file_of(tmp_path).read_text())
    (entry,) = good["retired"]
    without_day = {"public_key": entry["public_key"]}
    others = [{**entry, **change} for change in ({"retired": "2026-03-02"}, {"public_key": "00" * 32}, {"retired": 7})]
    for retired in ([], None, "x", [7], [without_day], [entry, entry], *([other] for other in others)):
        file_of(tmp_path).write_text(json.dumps({**good, "retired": retired}))
        with pytest.raises(SealError, match="FA501"):
            KeyRing.open(tmp_path, PASSPHRASE)
    file_of(tmp_path).write_text(json.dumps({name: value for name, value in good.items() if name != "retired"}))
    with pytest.raises(SealError, match="FA501"):
        KeyRing.open(tmp_path, PASSPHRASE)


def test_rotation_with_a_wrong_passphrase_changes_nothing(tmp_path: Path) -> None:
    create(tmp_path)
    before = file_of(tmp_path).read_bytes()
    with pytest.raises(SealError, match="FA501: a key cannot be unwrapped"):
        KeyRing.rotate(tmp_path, b"not it", DAY)
    assert file_of(tmp_path).read_bytes() == before


def test_rotation_without_keys_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="FA101: the folder has no keys"):
        KeyRing.rotate(tmp_path, PASSPHRASE, DAY)
    assert list(tmp_path.iterdir()) == []


def test_rotation_that_cannot_be_written_leaves_the_old_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    created = create(tmp_path)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("fedaug.privacy.files.os.fsync", full)
    with pytest.raises(ConfigError, match="FA101: the key file cannot be written"):
        KeyRing.rotate(tmp_path, PASSPHRASE, DAY)
    assert public(KeyRing.open(tmp_path, PASSPHRASE)) == public(created)


def test_two_rotations_at_once_lose_no_key(tmp_path: Path) -> None:
    first = create(tmp_path)
    made: list[bytes] = []

    def rotate() -> None:
        made.append(public(KeyRing.rotate(tmp_path, PASSPHRASE, DAY)))

    threads = [threading.Thread(target=rotate) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    opened = KeyRing.open(tmp_path, PASSPHRASE)
    known = {key.public_key for key in opened.retired} | {public(opened).hex()}
    assert len(made) == 8
    assert known == {key.hex() for key in made} | {public(first).hex()}


def test_only_the_newest_retired_keys_are_kept(tmp_path: Path) -> None:
    create(tmp_path)
    for _ in range(MOST_RETIRED + 2):
        KeyRing.rotate(tmp_path, PASSPHRASE, DAY)
    opened = KeyRing.open(tmp_path, PASSPHRASE)
    assert len(opened.retired) == MOST_RETIRED
    assert file_of(tmp_path).stat().st_size < KEY_FILE_BYTES
