"""The site's own report: exact for the site, for its owner's eyes only, and never for the consortium."""

from __future__ import annotations

import json
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import ValidationError
from tests.kept_ledgers import SITE, go_to_copy, make_spending_site
from tests.offering import SECRET, makes, offer_plan, offering_site
from tests.site_reports import FINGERPRINT, site_report
from tests.small import PASSPHRASE, open_site

from fedaug.cli import run
from fedaug.client.ledger_file import known_lineage
from fedaug.client.refused_texts import RefusedText, RefusedTexts
from fedaug.client.report import SiteReport, gather, write_site_report
from fedaug.client.report.page import page
from fedaug.errors import ConfigError, InputError
from fedaug.privacy.accounting import epsilon
from fedaug.privacy.keys import KeyRing
from fedaug.privacy.vetting import Batch, GateClass, Verdict, VerdictCode
from fedaug.privacy.vetting.site_findings import SiteFindings
from fedaug.server.report import ReportData

NOW = datetime(2025, 1, 1, tzinfo=UTC)


class Nearest:
    """A check of class S that finds the second candidate too close to a record."""

    name, gate_class, cost = "nearest", GateClass.SITE_ONLY, 1.0

    def judge(self, batch: Batch) -> list[Verdict]:
        codes = [VerdictCode.TOO_CLOSE if place == 1 else VerdictCode.PASSED for place in range(len(batch))]
        return [Verdict(self.name, code, 0.98) for code in codes]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site that reserved a campaign of four releases, and made one."""
    return make_spending_site(tmp_path_factory.mktemp("made"))


@pytest.fixture(autouse=True)
def _here(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    go_to_copy(made, tmp_path, monkeypatch)


def gathered() -> SiteReport:
    site = open_site(SITE)
    try:
        return gather(site, NOW, "0")
    finally:
        site.close()


def test_counts_are_those_of_the_store_and_spending_that_of_the_ledger() -> None:
    data = gathered()
    assert data.holdings is not None
    assert (data.holdings.records, data.holdings.subjects) == (12, 12)
    assert data.holdings.labels == {"cough": 4, "fever": 4, "rash": 4}
    (campaign,) = data.campaigns
    assert (campaign.campaign, len(campaign.releases)) == ("autumn", 4)
    site = open_site(SITE)
    charged = [entry.event for entry in site.status().charges]
    site.close()
    assert data.spent == pytest.approx(epsilon(charged, data.delta), abs=0.01)
    assert data.left == pytest.approx(data.budget - data.spent)
    assert data.findings == ()
    assert "no check of class S has run here" in page(data)


def test_findings_of_class_s_are_counted_by_release_and_named_by_hash() -> None:
    batch = Batch(("a candidate", "one like a record"))
    SiteFindings(SITE).observe(batch, [Nearest()], campaign="autumn", key="samples")
    SiteFindings(SITE).observe(batch, [Nearest()], campaign="autumn", key="samples")  # asked for once more
    (found,) = gathered().findings
    assert (found.code, found.candidates, found.blocked, found.highest) == ("too-close", 1, 0, 0.98)
    html = page(gathered())
    assert found.examples[0] in html
    assert "unusually near one record" in html
    assert "one like a record" not in html


def test_no_text_of_a_record_is_on_the_page() -> None:
    html = page(gathered())
    site = open_site(SITE)
    texts = [record.text for record in site.records()]
    site.close()
    assert len(texts) == 12
    assert not any(text in html for text in texts)


def test_damaged_findings_are_told_and_no_report_is_written(tmp_path: Path) -> None:
    findings = SiteFindings(SITE)
    findings.observe(Batch(("a", "b")), [Nearest()], campaign="autumn", key="samples")
    findings.path.write_text("{}\n")
    with pytest.raises(InputError, match="file of findings is damaged"):
        gathered()


def test_the_page_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = write_site_report(site_report(), tmp_path / "own.html")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(ConfigError, match="the report cannot be written"):
        write_site_report(site_report(), tmp_path / "none" / "own.html")


def test_the_consortiums_report_has_no_place_for_a_sites_findings() -> None:
    names = set(SiteReport.model_fields) - {"deidentification", "created", "fedaug_version"}
    assert not names & set(ReportData.model_fields)
    with pytest.raises(ValidationError, match="Extra inputs"):
        ReportData.model_validate({"findings": []})


def test_page_says_that_it_stays_at_the_site_and_what_is_not_known() -> None:
    text = " ".join(page(gathered()).split())
    assert "This page stays at the site." in text
    assert "was not measured, so it is not known" in text


def test_attacks_on_the_sites_records_are_told_with_their_caution() -> None:
    html = " ".join(page(site_report()).split())
    assert "Attacks on records of st-mary, against held-out ones" in html
    assert "Distances are no evidence of privacy." in html
    assert "Attacks with the consortium’s samples" not in page(site_report(attacks=None))


def test_a_score_of_another_policy_is_marked() -> None:
    assert "The score below is of another policy" not in page(site_report())
    stale = site_report(policy_fingerprint="00" * 32)
    assert FINGERPRINT != "00" * 32
    assert "The score below is of another policy" in page(stale)


def test_a_site_without_noise_or_with_an_older_ledger_is_told_so() -> None:
    assert "let out values without noise, so no privacy is promised" in page(site_report(noise=False))
    assert "The ledger is an older copy of itself." in page(site_report(rolled_back=True))


def test_hostile_names_stay_text() -> None:
    bad = "<script>alert(1)</script>\u202e" + "y" * 10_000
    values = site_report().model_dump(mode="json")
    values |= {"site": bad, "policy": bad, "policy_notes": [bad]}
    values["holdings"]["labels"] = {bad: 3}
    values["campaigns"][0]["campaign"] = bad
    values["campaigns"][0]["releases"][0] |= {"key": bad, "kind": bad}
    values["findings"][0] |= {"campaign": bad, "gate": bad, "code": bad, "examples": [bad]}
    html = page(SiteReport.model_validate(values))
    assert html.count("<script>") == 1
    assert html.count("&lt;script&gt;alert(1)") > 8
    assert "\u202e" not in html


def test_command_writes_the_page_and_tells_the_facts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["site", "report", str(SITE), "--out", "own.txt"]) == 2
    assert "--out is not named .html" in capsys.readouterr().err
    assert run(["site", "report", str(SITE), "--out", "own.html", "--labelled", "none.json"]) == 2
    capsys.readouterr()
    assert run(["site", "report", str(SITE), "--out", "own.html", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["holdings"]["records"] == 12
    assert "st-mary has spent" in Path("own.html").read_text("utf-8")


def test_a_batch_outside_dp_is_told_at_the_top() -> None:
    values = site_report().model_dump(mode="json")
    assert "Texts left outside differential privacy." not in page(site_report())
    values["campaigns"][0]["batches"][0]["outside_dp"] = True
    html = page(SiteReport.model_validate(values))
    assert "Texts left outside differential privacy." in html
    assert "no ε holds for them" in html


def test_texts_that_were_kept_back_are_counted_by_gate_and_reason() -> None:
    site = open_site(SITE)
    refused = [RefusedText("a private word", "cough", "nearest", "too-close")] * 2
    RefusedTexts(SITE, KeyRing.open(SITE, PASSPHRASE), known_lineage(SITE)).keep("autumn", refused)
    try:
        (campaign,) = gather(site, NOW, "0").campaigns
    finally:
        site.close()
    assert [(one.gate, one.code, one.texts) for one in campaign.refused] == [("nearest", "too-close", 2)]
    assert "a private word" not in page(gathered())


def test_a_batch_that_left_is_listed_with_what_did_not_and_what_was_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = offering_site(tmp_path / "st-luke")
    copy = f"they say that {SECRET} once more"
    makes(monkeypatch, "a text about a matter that nobody holds", copy, "no")
    site.join(offer_plan())
    site.offer("autumn")
    data = gather(site, NOW, "0")
    site.close()
    (campaign,) = data.campaigns
    (batch,) = campaign.batches
    assert (batch.key, batch.outside_dp) == ("samples", False)
    assert [(one.gate, one.code) for one in campaign.refused] == [("length", "too-short")]
    assert "verbatim-copy" in {found.code for found in data.findings}
    html = page(data)
    assert f"{batch.texts} texts left in batch" in html
    assert copy not in html
