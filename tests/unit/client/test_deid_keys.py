"""The secrets of de-identification: made once, sealed, never in the clear, and there after a rotation."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from tests.small import PASSPHRASE

from fedaug.client.deid_keys import DeidKeys, deid_keys
from fedaug.client.site import Site
from fedaug.errors import ConfigError, SealError
from fedaug.privacy.keys import KeyRing

FILE = Path("keys", "deidentification.sealed")


@pytest.fixture
def ring(tmp_path: Path) -> KeyRing:
    return KeyRing.create(tmp_path, PASSPHRASE, scrypt_n=2)


def both(keys: DeidKeys) -> tuple[bytes, bytes]:
    return keys.surrogates.to_bytes(), keys.encryption


def test_they_are_made_once_and_lie_sealed_in_a_private_file(tmp_path: Path, ring: KeyRing) -> None:
    made = both(deid_keys(tmp_path, ring))
    assert both(deid_keys(tmp_path, ring)) == made
    data = (tmp_path / FILE).read_bytes()
    assert all(len(secret) == 32 and secret not in data for secret in made)
    assert made[0] != made[1]
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600


def test_two_sites_have_different_ones(tmp_path: Path) -> None:
    rings = [KeyRing.create(tmp_path / name, PASSPHRASE, scrypt_n=2) for name in ("a", "b")]
    secrets = {
        secret for name, ring in zip("ab", rings, strict=True) for secret in both(deid_keys(tmp_path / name, ring))
    }
    assert len(secrets) == 4


def test_a_rotation_of_the_signing_key_leaves_them(tmp_path: Path, ring: KeyRing) -> None:
    before = both(deid_keys(tmp_path, ring))
    rotated = KeyRing.rotate(tmp_path, PASSPHRASE, date(2026, 1, 1))
    assert rotated.signer.public_key() != ring.signer.public_key()
    assert both(deid_keys(tmp_path, rotated)) == before
    assert both(deid_keys(tmp_path, KeyRing.open(tmp_path, PASSPHRASE))) == before


def test_every_changed_byte_is_refused_and_the_file_is_left(tmp_path: Path, ring: KeyRing) -> None:
    deid_keys(tmp_path, ring)
    good = (tmp_path / FILE).read_bytes()
    assert len(good) > 100
    for place in range(len(good)):
        bad = good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :]
        (tmp_path / FILE).write_bytes(bad)
        with pytest.raises(SealError, match="FA501: the keys of de-identification were changed"):
            deid_keys(tmp_path, ring)
        assert (tmp_path / FILE).read_bytes() == bad, "new keys took the place of those that a backup may restore"
    (tmp_path / FILE).write_bytes(good[:-1])
    with pytest.raises(SealError, match="FA501"):
        deid_keys(tmp_path, ring)


def test_another_sites_keys_do_not_open_them(tmp_path: Path, ring: KeyRing) -> None:
    deid_keys(tmp_path, ring)
    stranger = KeyRing.create(tmp_path / "stranger", PASSPHRASE, scrypt_n=2)
    with pytest.raises(SealError, match="FA501"):
        deid_keys(tmp_path, stranger)


def test_nothing_shows_them(tmp_path: Path, ring: KeyRing) -> None:
    keys = deid_keys(tmp_path, ring)
    shown = repr(keys) + str(keys)
    assert all(form not in shown for secret in both(keys) for form in (secret.hex(), repr(secret)))


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path, ring: KeyRing) -> None:
    (tmp_path / FILE).mkdir()
    with pytest.raises(ConfigError, match="FA101: the keys of de-identification cannot be read or written"):
        deid_keys(tmp_path, ring)


def test_a_new_site_has_them(tmp_path: Path) -> None:
    (tmp_path / "notes.csv").write_text("note\nfever\n")
    site = Site.init(tmp_path / "site", source=tmp_path / "notes.csv", text="note", passphrase=PASSPHRASE)
    site.close()
    assert (tmp_path / "site" / FILE).is_file()
