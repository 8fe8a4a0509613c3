"""What a report tells of gates, audit and other runs, and what of it is refused."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from tests.vectors.make_report_data import report_data
from tests.vectors.report_findings import anomalies, audit, deidentification, vetting

from fedaug.cli import run
from fedaug.errors import ConfigError, InputError, MissingFile
from fedaug.pages.recall import read_score
from fedaug.privacy.audit.figures import Bound, Membership, SiteDetails
from fedaug.privacy.audit.one_run import Guesses, stated_bound
from fedaug.privacy.audit.outcome import AuditOutcome
from fedaug.privacy.deid.scoring import LabelledText, Scorer
from fedaug.privacy.deid.spans import Span
from fedaug.server.report import Audit, GateFigures, ReportData, Vetting, read_report, redraw, report_json, write_report
from fedaug.server.report.render import render_html
from fedaug.server.report.vote_plot import votes_plot


def facts(**changes: Any) -> ReportData:
    return ReportData(**(report_data(sites=3, labels=14, rounds=3) | changes))


def test_optional_parts_may_be_absent_and_the_page_is_whole_without_them() -> None:
    values = report_data(sites=2, labels=5, rounds=2)
    for name in ("vetting", "anomalies", "audit", "deidentification", "cards", "not_promised"):
        del values[name]
    values["utility"]["budgets"] = []
    data = ReportData(**values)
    html = render_html(data)
    assert "No audit of this run is known" in html
    assert "What de-identification misses was not measured for this page" in html
    assert "The unit is a record, not a person." in html  # what is not promised is told all the same
    assert "refused: duplicate" in html
    assert "Data card" not in html
    assert json.loads(report_json(data))["audit"] is None


def test_gate_class_is_called_class_in_the_file_and_survives_reading(tmp_path: Path) -> None:
    write_report(facts(), tmp_path)
    read = read_report(tmp_path / "report.json")
    gates = json.loads((tmp_path / "report.json").read_text("utf-8"))["vetting"]["gates"]
    assert [gate["class"] for gate in gates] == ["F", "F", "F", "F", "D"]
    assert read == facts()


def test_a_gate_of_class_s_cannot_be_in_the_consortiums_report() -> None:
    with pytest.raises(ValidationError, match="Input should be 'F' or 'D'"):
        GateFigures.model_validate({"gate": "closest", "class": "S", "refused": 3})


@pytest.mark.parametrize("code", ["verbatim-copy", "too-close", "planted", "surrogate-used", "passed", "<b>"])
def test_a_reason_that_only_a_site_may_know_is_refused(code: str) -> None:
    with pytest.raises(ValidationError, match="a reason is none that a gate of class F or D gives"):
        GateFigures.model_validate({"gate": "x", "class": "F", "refused": 3, "reasons": {code: 1}})


def test_a_gate_with_more_reasons_than_refusals_is_refused() -> None:
    with pytest.raises(ValidationError, match="more texts have a reason than were refused"):
        GateFigures.model_validate({"gate": "length", "class": "F", "refused": 1, "reasons": {"too-short": 2}})


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"accepted": 9_000}, "more samples were accepted and refused than were offered"),
        ({"arrived": 2, "quarantined": 3}, "more samples were quarantined than arrived"),
        ({"arrived": None, "quarantined": 1}, "more samples were quarantined than arrived"),
    ],
)
def test_a_funnel_that_does_not_add_up_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Vetting.model_validate(vetting() | changes)


def test_the_funnel_names_every_gate_that_ran_with_its_class_and_reasons() -> None:
    html = " ".join(render_html(facts()).split())
    assert html.index("refused: length") < html.index("refused: duplicate") < html.index("refused: support")
    assert "nearly the same as another 1,600, the same as another 304" in html
    assert "refused: contamination" in html  # it refused nothing, and that is a finding too
    assert "and set 3 aside" in html


def test_an_audit_above_the_claim_is_told_loudly() -> None:
    names = ["bank-1", "bank-2"]
    good, bad = (render_html(facts(audit=audit(names, above=above))) for above in (False, True))
    assert "The audit did not pass" in bad
    assert "above the claim" in bad
    assert "The audit did not pass" not in good


def test_an_audit_cannot_pass_with_a_bound_above_its_claim() -> None:
    with pytest.raises(ValidationError, match="cannot have passed"):
        Audit.model_validate(audit(["a"], above=True) | {"passed": True})


def test_attacks_are_told_with_sizes_power_and_what_was_not_tried() -> None:
    html = " ".join(render_html(facts(audit=audit(["a"]))).split())
    assert "Attacks on canaries, against those that coins left out" in html
    assert "61 of 500" in html
    assert "7.5" in html  # per cent, at which the attack would be noticed
    assert "Distances are no evidence of privacy." in html
    assert "Not tried: attribute-inference (all records have one label)." in html
    assert "25 made-up identifiers in 100 records" in html
    assert "lies above what so many canaries can show" not in html  # 4.06 is above the claim of 3.97


@pytest.mark.parametrize(
    ("number", "changes"),
    [
        (0, {"detected": True}),  # with an interval from below 0
        (0, {"interval": [0.2, 0.1]}),
        (1, {"detected": False}),  # of an attack with a control group, and an interval above 0
        (1, {"interval": [-0.1, 0.1]}),
    ],
)
def test_an_attack_whose_verdict_is_not_its_intervals_is_refused(number: int, changes: dict[str, Any]) -> None:
    values = report_data(sites=3, labels=14, rounds=3)
    values["audit"]["attacked"][0]["attacks"][number] |= changes
    with pytest.raises(ValidationError, match="a verdict that is not that of its interval"):
        ReportData(**values)


def test_an_audit_of_version_0_4_0_can_still_be_read() -> None:
    values = report_data(sites=3, labels=14, rounds=3)
    values["audit"]["attacked"][0]["attacks"][0] |= {"interval": [0.0056, 0.0286], "detected": False}
    assert ReportData(**values).audit is not None


def test_a_round_is_a_whole_number_also_where_there_is_one() -> None:
    plot = votes_plot(facts().rounds[:1])
    assert plot is not None
    ticks = re.findall(r">([0-9.]+)</text>", plot.split('id="matplotlib.axis_2"')[0].split(">round<")[0])
    assert ticks == ["1"]


def test_a_claim_above_the_ceiling_is_said_to_be_untested() -> None:
    values = audit(["a"])
    values["sites"]["a"] |= {"claimed_epsilon": 8.0}
    assert "lies above what so many canaries can show" in render_html(facts(audit=values))


def test_an_attack_on_real_records_cannot_be_in_the_consortiums_report() -> None:
    values = audit(["a"])
    values["attacked"][0]["attacks"][0] |= {"class": "S", "populations": ["real", "real"]}
    with pytest.raises(ValidationError, match="for a site's own report"):
        Audit.model_validate(values)


def outcome(
    campaign: str, correct: int = 230, claimed: float | None = 3.97, delta: float = 1e-5, confidence: float = 0.999
) -> AuditOutcome:
    lower, ceiling = stated_bound(Guesses(400, 400, correct), delta, confidence)
    bound = Bound(confidence=confidence, lower_bound=lower, ceiling=ceiling, guesses=400, correct=correct)
    attack = Membership(
        attack="nearest sample", members=50, non_members=50, tpr_at_1pct_fpr=0.02, interval=(0.0, 0.1), auc=0.5
    )
    found = {"audit-1": (claimed, SiteDetails(bounds=(bound,)))}
    return AuditOutcome.of(campaign, 400, found, attack, delta=delta)


def test_a_report_drawn_again_shows_the_audit_beside_it(tmp_path: Path) -> None:
    write_report(facts(audit=None), tmp_path)
    outcome("banking-synthetic-0").write(tmp_path)
    data, page = redraw(tmp_path)
    assert data.audit is not None
    assert data.audit.sites["audit-1"].correct == 230
    assert read_report(tmp_path / "report.json") == data
    assert "audit-1" in page.read_text("utf-8")


def test_a_failed_audit_is_shown_with_what_failed(tmp_path: Path) -> None:
    write_report(facts(audit=None), tmp_path)
    outcome("banking-synthetic-0", correct=400, confidence=0.95).write(tmp_path)
    data, page = redraw(tmp_path)
    assert data.audit is not None
    assert not data.audit.passed
    assert "with 95 % confidence, and 3.97 is claimed" in page.read_text("utf-8")


def test_another_campaigns_audit_is_refused(tmp_path: Path) -> None:
    write_report(facts(audit=None), tmp_path)
    outcome("clinic").write(tmp_path)
    with pytest.raises(ConfigError, match=r"audit\.json is of another campaign"):
        redraw(tmp_path)


@pytest.mark.parametrize("claimed", [8.0, None])
def test_an_audit_of_a_run_with_another_epsilon_is_refused(claimed: float | None, tmp_path: Path) -> None:
    write_report(facts(audit=None), tmp_path)
    outcome("banking-synthetic-0", claimed=claimed).write(tmp_path)
    with pytest.raises(ConfigError, match=r"audit\.json is of a run with another ε"):
        redraw(tmp_path)


def test_an_audit_at_another_delta_is_refused(tmp_path: Path) -> None:
    write_report(facts(audit=None), tmp_path)
    outcome("banking-synthetic-0", delta=1e-6).write(tmp_path)
    with pytest.raises(ConfigError, match=r"another δ: it claims 1e-06, and the report states 1e-05"):
        redraw(tmp_path)


def spent(folder: Path, epsilon: float | str, student: float) -> Path:
    values = report_data(sites=2, labels=5, rounds=2)
    values["utility"] |= {"student": student, "students": [], "student_name": "", "budgets": []}
    values["privacy"]["consortium_epsilon"] = epsilon
    for site in values["privacy"]["sites"].values():
        site["epsilon"] = epsilon
    write_report(ReportData(**values), folder)
    return folder


def test_runs_side_by_side_are_drawn_by_rising_epsilon(tmp_path: Path) -> None:
    mine = spent(tmp_path / "4", 3.97, 0.61)
    others = [spent(tmp_path / "off", "inf", 0.72), spent(tmp_path / "1", 0.99, 0.52)]
    data, page = redraw(mine, beside=others)
    assert [run.epsilon for run in data.utility.budgets] == [0.99, 3.97, math.inf]
    assert data.utility.budgets[0].gap_closed == pytest.approx((0.52 - 0.482) / (0.891 - 0.482))
    assert "Utility against ε, run by run" in page.read_text("utf-8")
    assert json.loads((mine / "report.json").read_text("utf-8"))["utility"]["budgets"][2]["epsilon"] == "inf"


def test_a_run_scored_on_other_texts_is_not_put_beside(tmp_path: Path) -> None:
    mine, other = spent(tmp_path / "a", 3.97, 0.61), spent(tmp_path / "b", 0.99, 0.52)
    changed = read_report(other / "report.json").with_utility(test_size=7)
    write_report(changed, other)
    with pytest.raises(ConfigError, match="was scored on other texts"):
        redraw(mine, beside=[other])


def test_a_run_is_not_put_beside_itself(tmp_path: Path) -> None:
    mine = spent(tmp_path / "a", 3.97, 0.61)
    with pytest.raises(ConfigError, match="beside itself"):
        redraw(mine, beside=[mine / ".." / "a"])


def score_file(path: Path) -> Path:
    """What the command prints, made by the scorer itself."""
    scorer = Scorer()
    text = "Seen by Ann Lee on 3 May, bed 7"
    scorer.add(
        LabelledText(text, (Span(8, 15, "PERSON", 1.0), Span(19, 24, "DATE_TIME", 1.0))),
        [Span(8, 11, "PERSON", 0.9), Span(30, 31, "ID", 0.4), Span(19, 24, "DATE_TIME", 0.9)],
    )
    settings = {"policy": "hipaa-safe-harbor", "fingerprint": "ab", "language": "en"}
    path.write_text(json.dumps({**scorer.score().as_json(), "records_per_s": 9.0, "settings": settings}), "utf-8")
    return path


def test_a_score_becomes_recall_of_characters_with_one_trial_a_span(tmp_path: Path) -> None:
    found = read_score(score_file(tmp_path / "score.json"), "made up")
    assert sorted(found.types) == ["DATE_TIME", "PERSON"]  # of what was never labelled, nothing is known
    person = found.types["PERSON"]
    assert (person.labelled, person.recall) == (1, 0.5)
    assert person.interval[0] < 0.5 < person.interval[1]
    assert found.documents is not None
    assert (found.documents.with_identifiers, found.documents.without_leak) == (1, 0)
    assert (found.policy, found.fingerprint, found.note) == ("hipaa-safe-harbor", "ab", "made up")


@pytest.mark.parametrize("content", [b"", b"[]", b'{"types": {}}', b"\xff", b'{"a": NaN}', b"1" * 2_000_000])
def test_a_file_that_is_no_score_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "score.json").write_bytes(content)
    with pytest.raises(InputError, match="not what fedaug deid score --json prints"):
        read_score(tmp_path / "score.json", "")
    with pytest.raises(MissingFile):
        read_score(tmp_path / "none.json", "")


def test_report_command_draws_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_report(facts(audit=None, deidentification=None), tmp_path / "out")
    score = score_file(tmp_path / "score.json")
    command = ["report", str(tmp_path / "out"), "--deid-score", str(score)]
    assert run(command) == 2
    assert "--deid-score needs --note" in capsys.readouterr().err
    assert run([*command, "--note", "Made-up letters.", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["audited"] is False
    assert "Made-up letters." in (tmp_path / "out" / "report.html").read_text("utf-8")
    assert run(["report", str(tmp_path / "none")]) == 2


def test_anomalies_are_shown_beside_the_site_with_figure_threshold_and_rate() -> None:
    html = render_html(facts())
    assert html.count("bank-3") > html.count("bank-2")
    assert '<a class="small" href="#anomalies">2 anomalies</a>' in html
    assert "Its class sums point elsewhere than all other sites’" in html
    assert "greatest cosine that noise leaves possible" in html
    assert "flagged only" in html
    assert "42 checks" in html
    assert "with a chance of 0.001 at most" in html
    assert "which is to bear 1 hostile site." in html
    quiet = anomalies(["bank-1"]) | {"flags": []}
    assert "No site was flagged." in render_html(facts(anomalies=quiet))


def test_a_flag_that_was_acted_on_otherwise_than_the_campaign_says_is_refused() -> None:
    wrong = anomalies(["bank-1"]) | {"on_anomaly": "set-aside"}
    with pytest.raises(ValidationError, match="acted on otherwise"):
        facts(anomalies=wrong)


def test_report_command_names_flagged_sites(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_report(facts(audit=None), tmp_path / "out")
    assert run(["report", str(tmp_path / "out"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["anomalies"] == 2
    assert run(["report", str(tmp_path / "out")]) == 0
    assert "bank-3 is flagged: votes-on-one-candidate in votes/0, 812.4 beside 301.7" in capsys.readouterr().out


def test_hostile_names_in_the_new_parts_stay_text() -> None:
    bad = "<script>alert(1)</script>\u202e" + "x" * 10_000
    values = report_data(sites=2, labels=3, rounds=2)
    values["audit"] = audit([bad])
    values["audit"]["membership"]["attack"] = bad
    attacked = values["audit"]["attacked"][0]
    attacked["on"] = attacked["attacks"][0]["attack"] = attacked["skipped"][0]["why"] = attacked["notes"][0] = bad[:900]
    values["anomalies"] = anomalies([bad]) | {"rule": bad}
    values["anomalies"]["flags"][0]["release"] = bad
    values["deidentification"] = deidentification()
    values["deidentification"] |= {"policy": bad, "note": bad}
    values["deidentification"]["types"][bad] = values["deidentification"]["types"]["PERSON"]
    values["vetting"]["gates"][0]["gate"] = bad
    values["cards"]["data"] |= {"task": bad, "origins": {bad: 3}, "uses": [bad], "limits": [bad]}
    values["cards"]["student"]["weakest"][0]["label"] = bad
    values["not_promised"] = [bad]
    values["samples"]["gallery"][0] |= {"generator": bad, "operator": bad, "parent": bad, "text": bad}
    values["utility"]["budgets"][0]["name"] = bad
    html = render_html(ReportData(**values))
    assert html.count("<script>") == 1  # the page's own
    assert html.count("&lt;script&gt;alert(1)") > 12
    assert "\u202e" not in html


def test_a_long_name_is_cut_and_a_sentence_to_rely_on_is_not() -> None:
    values = report_data(sites=2, labels=3, rounds=2)
    values["vetting"]["gates"][0]["gate"] = "g" * 10_000
    values["cards"]["data"]["limits"] = ["w" * 2_000]
    values["not_promised"] = ["p" * 2_000]
    html = render_html(ReportData(**values))
    assert "g" * 301 not in html
    assert "… [10,009 characters]" in html  # with "refused: " before it
    assert "w" * 2_000 in html
    assert "p" * 2_000 in html


def test_where_texts_left_outside_dp_no_epsilon_is_shown_and_the_noise_is_not_blamed() -> None:
    values = report_data(sites=2, labels=5, rounds=2)
    values["privacy"] |= {"outside_dp": ["bank-2"], "consortium_epsilon": "inf"}
    for site in values["privacy"]["sites"].values():
        site["epsilon"] = "inf"
    text = " ".join(render_html(ReportData(**values)).split())
    assert "Texts left outside differential privacy." in text
    assert "texts left a site outside differential privacy, so none is promised" in text
    assert "none (outside DP)" in text
    assert "The noise was off." not in text
    assert "(ε, δ)-differential privacy, with ε from the table" not in text


def test_no_epsilon_is_stated_beside_a_batch_outside_dp() -> None:
    values = report_data(sites=2, labels=5, rounds=2)
    values["privacy"]["outside_dp"] = ["bank-2"]
    with pytest.raises(ValidationError, match="although a batch left outside DP"):
        ReportData(**values)


def test_runs_with_one_budget_share_a_place_though_their_cost_differs_a_little() -> None:
    values = report_data(sites=2, labels=5, rounds=2)
    values["utility"]["budgets"] = [
        {"name": "seed 7", "epsilon": 3.9991, "student": 0.6},
        {"name": "seed 8", "epsilon": 3.9996, "student": 0.62},
        {"name": "off", "epsilon": "inf", "student": 0.7},
    ]
    html = render_html(ReportData(**values))
    assert ">4</text>" in html
    assert "3.999" not in html.replace("3.9991", "").replace("3.9996", "")
    assert html.count("ε = 4.00: ") == 2
