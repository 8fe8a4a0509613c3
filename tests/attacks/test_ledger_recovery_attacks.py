"""A coordinator that would reset a site's budget: what it invents or leaves out is not recovered.

The ledger protects the site from the coordinator, which keeps the copy from which a lost one is rebuilt.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.kept_ledgers import (
    HUB,
    LIST,
    MALLORY,
    RING,
    SITE,
    countersigned,
    enrol,
    files,
    go_to_copy,
    hub_member,
    journal,
    ledger,
    lose_ledger,
    make_spending_site,
    own_head,
    own_key,
    recover,
    site_member,
    write_kept,
)

from fedaug.client import ledger_recovery
from fedaug.privacy.transparency.bundle import BundledLog, LogRole, write_bundle
from fedaug.privacy.transparency.entries import Voided, encode_entry
from fedaug.privacy.transparency.heads import SignedHead, encode_head

by_either_key = pytest.mark.parametrize("given", [RING, LIST], ids=["ring", "list"])


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site that reserved a campaign of four releases, and made one."""
    return make_spending_site(tmp_path_factory.mktemp("made"))


@pytest.fixture(autouse=True)
def _here(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    go_to_copy(made, tmp_path, monkeypatch)


def spent(capsys: pytest.CaptureFixture[str]) -> float:
    return float(json.loads(ledger(capsys, "show", "st-mary", "--json")[1])["epsilon"])


def voided(*keys: str) -> tuple[bytes, ...]:
    return tuple(encode_entry(Voided(campaign="autumn", key=key)) for key in keys)


def enrol_all() -> None:
    enrol(hub_member(), site_member("st-mary", own_key()), site_member("st-jude", MALLORY))


Lie = Callable[[tuple[bytes, ...]], tuple[tuple[bytes, ...], list[SignedHead]]]

LIES: dict[str, tuple[Lie, str]] = {
    "fewer entries": (
        lambda real: (real[:1], [own_head(real)]),
        "FA401: the site's log is cut off in the bundle",
    ),
    "fewer entries, the end signed by itself": (
        lambda real: (real[:1], [own_head(real[:1], HUB)]),
        "is not signed with ",
    ),
    "an entry left out": (
        lambda real: ((real[0], real[2], *voided("metric")), [own_head(real)]),
        "FA402: the site has signed another log than the one in the bundle",
    ),
    "invented voided entries": (
        lambda real: (real + voided("statistics", "votes/0", "metric"), [own_head(real)]),
        "FA401: 3 entries of the site's log are not signed by the site in the bundle",
    ),
    "an invented voided entry in another's place": (
        lambda real: (real[:2] + voided("counts"), [own_head(real)]),
        "FA402: the site has signed another log than the one in the bundle",
    ),
    "an old head over fewer entries than the list": (
        lambda real: (real, [own_head(real[:1]), own_head(real[:2])]),
        "FA401: 1 entries of the site's log are not signed by the site in the bundle",
    ),
    "an old head whose size was raised": (
        lambda real: (
            real[:2] + voided("metric"),
            [own_head(real[:2]).model_copy(update={"head": own_head(real[:2] + voided("metric")).head})],
        ),
        "FA402: a head's signature does not match",
    ),
    "no head of the site": (
        lambda real: (real + voided("metric"), []),
        "FA401: the bundle holds no signature of the site's under its log",
    ),
    "another site's signature": (
        lambda real: (real + voided("metric"), [own_head(real + voided("metric"), MALLORY)]),
        "is not signed with ",
    ),
    "another site's own head": (
        lambda real: (real + voided("metric"), [own_head(real + voided("metric"), MALLORY, origin="st-jude")]),
        "is not signed with ",
    ),
    "a head of the site's under another name": (
        lambda real: (real, [own_head(real, origin="st-jude")]),
        "FA402: the site has signed another log than the one in the bundle",
    ),
    "its own signature": (
        lambda real: (real + voided("metric"), [own_head(real + voided("metric"), HUB)]),
        "is not signed with ",
    ),
    "its countersignature once more": (
        lambda real: (real + voided("metric"), [countersigned(real + voided("metric"))]),
        "is not signed with ",
    ),
}


@by_either_key
@pytest.mark.parametrize("lie", LIES)
def test_what_the_site_has_not_signed_is_refused_before_anything_is_touched(
    lie: str, given: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """Each is countersigned as it should be."""
    entries, heads = LIES[lie][0](journal())
    log = BundledLog("st-mary", LogRole.SITE, entries, tuple(heads), (countersigned(entries),))
    Path("kept.json").write_bytes(write_bundle([log]))
    enrol_all()
    (SITE / "ledger.sqlite").write_bytes(b"not a database")
    (SITE / "lineage").unlink()
    before = files()
    status, out, err = recover(capsys, *given)
    assert (status, out) == (2, "")
    assert err.startswith("FA4")
    assert LIES[lie][1] in err
    assert err.count("\n") == 1
    assert files() == before


def test_without_the_sites_signature_a_coordinator_could_reset_the_budget(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A seeded defect: it is what the check is there for."""
    before = spent(capsys)
    real = journal()
    entries = real[:2] + voided("counts", "statistics", "votes/0", "metric")
    write_kept(entries, own_head(entries, HUB))
    lose_ledger()
    assert recover(capsys)[0] == 2
    monkeypatch.setattr(ledger_recovery, "_require_own", lambda *_: None)
    assert recover(capsys)[0] == 0
    assert spent(capsys) == 0.0 < before


@by_either_key
def test_an_end_that_is_withheld_is_noticed_only_by_what_the_site_remembers(
    given: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """The coordinator shows what the site signed before it reserved, and none of its later heads."""
    entries = journal()
    enrol_all()
    write_kept(entries[:1])
    lose_ledger()
    (SITE / "heads").mkdir()
    memory = SITE / "heads" / "countersignature.json"
    memory.write_bytes(encode_head(countersigned(entries[:2])))
    before = files()
    status, _, err = recover(capsys, *given)
    assert status == 2
    assert err.startswith("FA502: the site has received a countersignature over more entries")
    assert files() == before
    memory.unlink()
    assert recover(capsys, *given)[0] == 0, "which is why --help says so"


def test_a_log_that_contradicts_what_the_site_remembers_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """As where somebody has the site's key."""
    entries = journal()
    (SITE / "heads").mkdir()
    (SITE / "heads" / "countersignature.json").write_bytes(encode_head(countersigned(entries[:2])))
    write_kept((entries[0], *voided("metric", "counts")))
    lose_ledger()
    before = files()
    status, _, err = recover(capsys)
    assert status == 2
    assert err.startswith("FA502: the site has received a countersignature over other entries")
    assert files() == before
    write_kept(entries)
    assert recover(capsys)[0] == 0
