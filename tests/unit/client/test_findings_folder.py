"""Something else than a folder where a site keeps what its gates found: told in one line, and nothing is lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.small import PASSPHRASE, SmallEncoder, make_site, some_rows

from fedaug import cli
from fedaug.client.refused_texts import RefusedText, RefusedTexts
from fedaug.errors import InputError
from fedaug.privacy.files import private_folder
from fedaug.privacy.keys import KeyRing
from fedaug.privacy.vetting import Batch
from fedaug.privacy.vetting.planted import PlantedGate
from fedaug.privacy.vetting.site_findings import SiteFindings

FOUND = Batch(("the badge zebra-7781",), (), np.eye(1, 3, dtype=np.float32))


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site") / "st-mary"
    make_site(folder, some_rows(6), encoder=SmallEncoder).close()
    (folder / "findings").write_text("a note of somebody's")
    return folder


def refused_texts(folder: Path) -> RefusedTexts:
    return RefusedTexts(folder, KeyRing.open(folder, PASSPHRASE), "a lineage")


def observe(folder: Path) -> None:
    SiteFindings(folder).observe(FOUND, [PlantedGate(["zebra-7781"])], campaign="autumn", key="samples")


#: What is done -> what is told.
TRIED: dict[str, tuple[Callable[[Path], object], str]] = {
    "findings read": (lambda folder: list(SiteFindings(folder).read()), "file of findings is damaged"),
    "findings written": (observe, "findings has to be a folder, and a file has its place; move that file away"),
    "refused texts read": (
        lambda folder: list(refused_texts(folder).read("autumn")),
        "the site's folder findings cannot be read, or is none",
    ),
    "refused texts kept": (
        lambda folder: refused_texts(folder).keep("autumn", [RefusedText("x", None, "length", "too-short")]),
        "findings has to be a folder, and a file has its place; move that file away",
    ),
    "any private folder": (lambda folder: private_folder(folder / "findings"), "has to be a folder"),
    "a folder below it": (lambda folder: private_folder(folder / "findings" / "more"), "has to be a folder"),
}


@pytest.mark.parametrize(("act", "told"), TRIED.values(), ids=TRIED.keys())
def test_a_file_in_the_folders_place_is_told(act: Callable[[Path], object], told: str, prepared: Path) -> None:
    with pytest.raises(InputError, match=told):
        act(prepared)
    assert (prepared / "findings").read_text() == "a note of somebody's"


def test_the_sites_report_says_so_and_ends_with_status_2(
    prepared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "passphrase").write_bytes(PASSPHRASE)
    monkeypatch.setenv("FEDAUG_PASSPHRASE_FILE", str(tmp_path / "passphrase"))
    assert cli.run(["site", "report", str(prepared), "--out", str(tmp_path / "page.html")]) == 2
    told = capsys.readouterr().err
    assert told.startswith("FA100: the site's ")
    assert told.count("\n") == 1
