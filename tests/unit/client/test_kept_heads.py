"""Of what a coordinator signed, a site keeps what proves the most."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fedaug.client.kept_heads import KeptHeads, kept_countersignature
from fedaug.errors import LedgerError
from fedaug.privacy.transparency.heads import HeadRole, LogHead, SignedHead, sign_head

HUB, MALLORY = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
LOG = (b"1", b"2", b"3")
COUNTERSIGNATURE, COORDINATOR = HeadRole.COUNTERSIGNATURE, HeadRole.COORDINATOR


def signed(entries: tuple[bytes, ...], role: HeadRole, signer: Ed25519PrivateKey) -> SignedHead:
    return sign_head(LogHead.of("st-mary", entries), role, signer)


@pytest.mark.parametrize("role", [COUNTERSIGNATURE, COORDINATOR])
def test_an_older_head_by_the_same_key_does_not_take_a_newer_ones_place(tmp_path: Path, role: HeadRole) -> None:
    heads = KeptHeads(tmp_path)
    assert heads.read(role) is None
    for size in (2, 1, 3, 2):
        heads.keep(signed(LOG[:size], role, HUB))
    assert heads.read(role) == signed(LOG, role, HUB)
    assert stat.S_IMODE((tmp_path / "heads").stat().st_mode) == 0o700


def test_a_second_coordinator_that_has_seen_less_does_not_take_the_longer_countersignatures_place(
    tmp_path: Path,
) -> None:
    heads = KeptHeads(tmp_path)
    heads.keep(signed(LOG, COUNTERSIGNATURE, HUB))
    heads.keep(signed(LOG[:2], COUNTERSIGNATURE, MALLORY))
    assert kept_countersignature(tmp_path) == signed(LOG, COUNTERSIGNATURE, HUB)
    heads.keep(signed((*LOG, b"4"), COUNTERSIGNATURE, MALLORY))
    assert kept_countersignature(tmp_path) == signed((*LOG, b"4"), COUNTERSIGNATURE, MALLORY)


def test_over_the_same_entries_the_key_that_signed_last_counts(tmp_path: Path) -> None:
    heads = KeptHeads(tmp_path)
    for key in (HUB, MALLORY):
        heads.keep(signed(LOG, COUNTERSIGNATURE, key))
        assert kept_countersignature(tmp_path) == signed(LOG, COUNTERSIGNATURE, key)


def test_the_log_of_another_coordinator_takes_the_place_of_the_first_ones(tmp_path: Path) -> None:
    heads = KeptHeads(tmp_path)
    heads.keep(signed(LOG, COORDINATOR, HUB))
    heads.keep(signed(LOG[:1], COORDINATOR, MALLORY))
    assert heads.read(COORDINATOR) == signed(LOG[:1], COORDINATOR, MALLORY)


def test_a_damaged_countersignature_is_told_and_not_replaced(tmp_path: Path) -> None:
    heads = KeptHeads(tmp_path)
    heads.keep(signed(LOG, COUNTERSIGNATURE, HUB))
    (tmp_path / "heads" / "countersignature.json").write_bytes(b"")
    with pytest.raises(LedgerError, match="FA502: a signature that the site keeps is damaged"):
        kept_countersignature(tmp_path)
    with pytest.raises(LedgerError, match="FA502"):
        heads.keep(signed(LOG, COUNTERSIGNATURE, HUB))
