"""A site's ledger is begun once, whatever cuts the beginning off, and never a second time."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from threading import Thread

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.planned_sites import make_settings

from fedaug.client import ledger_file
from fedaug.client.kept_heads import KeptHeads
from fedaug.client.ledger_file import existing_ledger, site_ledger
from fedaug.client.settings import SiteSettings
from fedaug.errors import LedgerError, LedgerRolledBack
from fedaug.privacy.events import GaussianEvent, ReleaseKind
from fedaug.privacy.ledger import Ledger
from fedaug.privacy.transparency.heads import HeadRole, LogHead, SignedHead, sign_head


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    make_settings()
    return tmp_path / "st-mary"


@pytest.fixture
def settings(folder: Path) -> SiteSettings:
    return SiteSettings.load(folder)


def journal(folder: Path, settings: SiteSettings) -> tuple[bytes, ...]:
    with site_ledger(folder, settings) as ledger:
        return ledger.journal()


def test_a_new_site_has_no_ledger_until_it_is_opened_and_then_always_the_same(
    folder: Path, settings: SiteSettings
) -> None:
    assert existing_ledger(folder, settings) is None
    assert [path.name for path in folder.iterdir()] == ["site.toml"]
    first = journal(folder, settings)
    lineage = (folder / "lineage").read_text()
    assert lineage.strip() in first[0].decode()
    assert journal(folder, settings) == first
    assert (folder / "lineage").read_text() == lineage


def countersigned(entries: tuple[bytes, ...]) -> SignedHead:
    return sign_head(LogHead.of("st-mary", entries), HeadRole.COUNTERSIGNATURE, Ed25519PrivateKey.generate())


class Cut(BaseException):
    """Where a process dies."""


@pytest.mark.parametrize("step", ["_opened", "sync_folder"])
def test_a_beginning_that_was_cut_off_goes_on(
    folder: Path, settings: SiteSettings, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(*_: object) -> None:
        raise Cut

    with monkeypatch.context() as cutting:
        cutting.setattr(ledger_file, step, cut)
        with pytest.raises(Cut):
            site_ledger(folder, settings)
    assert len(journal(folder, settings)) == 1
    assert not (folder / "lineage.beginning").exists()


def test_a_beginning_that_was_cut_off_after_the_ledger_was_made_goes_on_with_that_ledger(
    folder: Path, settings: SiteSettings
) -> None:
    made = journal(folder, settings)
    (folder / "lineage").rename(folder / "lineage.beginning")
    assert existing_ledger(folder, settings) is None, "nothing was charged to it yet"
    assert journal(folder, settings) == made


def test_programs_that_open_a_new_site_at_once_begin_one_ledger(folder: Path, settings: SiteSettings) -> None:
    found: list[tuple[bytes, ...]] = []
    threads = [Thread(target=lambda: found.append(journal(folder, settings))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 6
    assert len(set(found)) == 1


def test_a_ledger_that_was_lost_is_not_begun_anew(folder: Path, settings: SiteSettings) -> None:
    """Such as where a recovery was killed that had only written the lineage again."""
    site_ledger(folder, settings).close()
    for path in folder.glob("ledger.sqlite*"):
        path.unlink()
    for opening in (site_ledger, existing_ledger):
        with pytest.raises(LedgerError, match="FA502: the site's ledger is gone"):
            opening(folder, settings)
    assert not list(folder.glob("ledger.sqlite*"))


@pytest.mark.parametrize(
    "left", ["store/records.sealed", "plans/0123.json", "heads/coordinator.json", "enrolment/accepted.json"]
)
def test_no_ledger_is_begun_beside_what_only_a_site_with_a_ledger_has(
    folder: Path, settings: SiteSettings, left: str
) -> None:
    """The whole budget would be there again."""
    proof = folder / left
    proof.parent.mkdir()
    proof.touch()
    before = sorted(folder.rglob("*"))
    for opening in (site_ledger, existing_ledger):
        with pytest.raises(LedgerError, match="FA502: the site's ledger is gone"):
            opening(folder, settings)
    assert sorted(folder.rglob("*")) == before
    proof.unlink()
    assert len(journal(folder, settings)) == 1


def test_a_beginning_that_was_cut_off_goes_on_after_the_site_accepted_a_list(
    folder: Path, settings: SiteSettings
) -> None:
    (folder / "lineage.beginning").write_text("ab\n")
    (folder / "enrolment").mkdir()
    (folder / "enrolment" / "accepted.json").touch()
    assert existing_ledger(folder, settings) is None
    assert len(journal(folder, settings)) == 1
    assert (folder / "lineage").read_text() == "ab\n"


def test_what_is_left_of_a_beginning_is_no_way_round_a_lost_ledger(folder: Path, settings: SiteSettings) -> None:
    (folder / "lineage.beginning").write_text("ab\n")
    (folder / "store").mkdir()
    (folder / "store" / "records.sealed").touch()
    with pytest.raises(LedgerError, match="FA502: the site's ledger is gone"):
        site_ledger(folder, settings)


@pytest.mark.parametrize("step", ["draft made", "draft in place", "head drafted", "head written"])
def test_after_a_recovery_that_was_cut_off_there_is_no_ledger_or_the_recovered_one(
    folder: Path, settings: SiteSettings, step: str
) -> None:
    privacy = settings.privacy
    with site_ledger(folder, settings) as ledger:
        ledger.reserve("spring", "0" * 64, [GaussianEvent("votes", ReleaseKind.NOISY_VOTES, 1.0, 10.0)])
        entries = ledger.journal()
    for path in folder.glob("ledger.sqlite*"):
        path.unlink()

    def cut(taken: str) -> None:
        if taken == step:
            raise Cut

    recover = partial(
        Ledger.recover,
        folder / "ledger.sqlite",
        lineage=(folder / "lineage").read_text().strip(),
        unit=privacy.unit,
        cap=privacy.budget,
        entries=entries,
    )
    with pytest.raises(Cut):
        recover(failpoint=cut)
    if step != "head written":
        with pytest.raises(LedgerError, match="FA502"):
            site_ledger(folder, settings)
        recover().close()
    assert journal(folder, settings)[:-1] == entries


def test_a_ledger_without_its_lineage_gets_no_other_one(folder: Path, settings: SiteSettings) -> None:
    site_ledger(folder, settings).close()
    (folder / "lineage").unlink()
    with pytest.raises(LedgerError, match="FA502: the site's lineage file is gone"):
        site_ledger(folder, settings)
    assert not list(folder.glob("lineage*"))


def test_a_ledger_is_shown_the_countersignature_that_the_site_keeps(folder: Path, settings: SiteSettings) -> None:

    first = journal(folder, settings)
    KeptHeads(folder).keep(countersigned(first))
    with site_ledger(folder, settings) as ledger:
        assert ledger.countersigned() == ledger.head()
    KeptHeads(folder).keep(countersigned((*first, b"{}")))
    with site_ledger(folder, settings) as ledger:
        assert ledger.spent() == 0.0, "it can still be looked at"
        with pytest.raises(LedgerRolledBack, match="FA504"):
            ledger.verify()
