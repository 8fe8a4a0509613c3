"""A site ``st-mary`` in the working folder that has spent something, and what its coordinator keeps of its ledger."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.small import PASSPHRASE, make_plan, make_site, some_rows
from tests.tiny_example import environment

from fedaug.cli import run
from fedaug.client.ledger_file import existing_ledger
from fedaug.client.settings import SiteSettings
from fedaug.privacy.enrolment import Enrolment, EnrolmentStore, Member, Revocation, Role, sign_list
from fedaug.privacy.keys import KeyRing
from fedaug.privacy.transparency.bundle import BundledLog, LogRole, write_bundle
from fedaug.privacy.transparency.heads import HeadRole, LogHead, SignedHead, sign_head

HUB = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
MALLORY = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
OFFICE = Ed25519PrivateKey.from_private_bytes(bytes(range(2, 34)))
SITE = Path("st-mary")
LEDGER_FILES = "ledger.sqlite*"


def hexed(signer: Ed25519PrivateKey) -> str:
    return signer.public_key().public_bytes_raw().hex()


KEY = hexed(HUB)
AUTHORITY = hexed(OFFICE)

#: Where the site's own key comes from: its key ring, or the enrolment list.
RING = ("--coordinator-key", KEY)
LIST = ("--enrolment",)


def make_spending_site(folder: Path) -> Path:
    """A site that reserved a campaign of four releases, and made one."""
    site = make_site(folder / SITE, some_rows(), consortium__authority=AUTHORITY)
    site.join(make_plan())
    site.counts("autumn")
    site.close()
    return folder / SITE


def go_to_copy(made: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in a folder that holds a copy of the site, with its passphrase at hand."""
    shutil.copytree(made, folder / SITE)
    for name, value in environment(folder).items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("FEDAUG_DEBUG", raising=False)
    monkeypatch.chdir(folder)


def ledger(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """``fedaug ledger``: its exit status, output and errors."""
    status = run(["ledger", *arguments])
    out, err = capsys.readouterr()
    return status, out, err


def journal() -> tuple[bytes, ...]:
    opened = existing_ledger(SITE, SiteSettings.load(SITE))
    assert opened is not None
    with opened:
        return opened.journal()


def own_key() -> Ed25519PrivateKey:
    """With which the site signs."""
    return KeyRing.open(SITE, PASSPHRASE).signer


def signed(
    entries: tuple[bytes, ...], role: HeadRole, signer: Ed25519PrivateKey, origin: str = str(SITE)
) -> SignedHead:
    return sign_head(LogHead.of(origin, entries), role, signer)


def countersigned(entries: tuple[bytes, ...], signer: Ed25519PrivateKey = HUB, origin: str = str(SITE)) -> SignedHead:
    return signed(entries, HeadRole.COUNTERSIGNATURE, signer, origin)


def lose_ledger() -> None:
    for path in SITE.glob(LEDGER_FILES):
        path.unlink()


def files() -> dict[str, bytes]:
    """All that the site's folder holds."""
    return {str(path): path.read_bytes() for path in sorted(SITE.rglob("*")) if path.is_file()}


def enrol(*members: Member, revoked: tuple[Revocation, ...] = ()) -> None:
    """Have the site accept a list; by default of the coordinator alone."""
    issued = int(time.time())
    made = Enrolment(
        consortium="lakeside",
        epoch=1,
        issued=issued,
        expires=issued + 86_400,
        authority=AUTHORITY,
        members=members or (hub_member(),),
        revoked=revoked,
    )
    EnrolmentStore(SITE / "enrolment", OFFICE.public_key()).accept(sign_list(made, OFFICE), time.time())


def hub_member() -> Member:
    return Member(name="hub", role=Role.COORDINATOR, public_key=KEY)


def site_member(name: str, signer: Ed25519PrivateKey, not_after_epoch: int | None = None) -> Member:
    return Member(name=name, role=Role.SITE, public_key=hexed(signer), not_after_epoch=not_after_epoch)


def recover(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    return ledger(capsys, "recover", "st-mary", "--from", "kept.json", *(arguments or RING))


def own_head(entries: tuple[bytes, ...], signer: Ed25519PrivateKey | None = None, **more: Any) -> SignedHead:
    return signed(entries, HeadRole.SITE, signer or own_key(), **more)


def write_kept(
    entries: tuple[bytes, ...],
    *heads: SignedHead,
    covered: int | None = None,
    signer: Ed25519PrivateKey = HUB,
    origin: str = "st-mary",
    countersign: bool = True,
) -> None:
    """The coordinator's bundle as ``kept.json``; unless heads are given, with the site's own over all entries."""
    over = (countersigned(entries[:covered], signer, origin),) if countersign else ()
    log = BundledLog(origin, LogRole.SITE, entries, heads or (own_head(entries),), over)
    Path("kept.json").write_bytes(write_bundle([log]))
