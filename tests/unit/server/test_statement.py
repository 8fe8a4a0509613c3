"""A privacy statement says what its events cost, all that NIST SP 800-226 asks for, and nothing it cannot bear."""

from __future__ import annotations

import copy
import json
import math
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from tests.vectors.make_privacy_statement import (
    CREATED,
    HELDOUT,
    campaign_result,
    noise_off_statement,
    privacy_statement,
)

from fedaug.errors import InputError, MissingFile
from fedaug.pages import words
from fedaug.privacy.accounting import epsilon
from fedaug.privacy.accounting.loss import INTERVAL
from fedaug.privacy.discretisation import grid_for
from fedaug.privacy.events import (
    AboveThresholdEvent,
    DiscreteGaussianEvent,
    DistributedGaussianEvent,
    Event,
    GaussianEvent,
    LaplaceEvent,
    RandomizedResponseEvent,
    ReleaseKind,
    SubsampledGaussianEvent,
    event_from_dict,
)
from fedaug.privacy.limits import LIMITS
from fedaug.server.report import write_report, write_statement
from fedaug.server.report.render import render_html, render_statement
from fedaug.server.statement import PrivacyStatement, read_statement, statement_json
from fedaug.server.students.evaluate import evaluate
from fedaug.server.summary import summarise

VECTOR = Path(__file__).parents[2] / "vectors" / "privacy_statement.json"
#: What NIST SP 800-226 says an evaluation of a guarantee has to know, and where the statement tells it.
ASKED_FOR = {
    "privacy parameter ε": "privacy_parameters.per_site.epsilon",
    "privacy parameter ε of the whole deployment": "privacy_parameters.consortium.epsilon",
    "privacy parameter δ": "privacy_parameters.delta",
    "unit of privacy": "unit_of_privacy.unit",
    "unit of privacy: neighbouring data sets": "unit_of_privacy.adjacency",
    "unit of privacy: bounding contributions": "unit_of_privacy.enforced_by",
    "unit of privacy: contributions of one unit": "unit_of_privacy.records_per_unit",
    "mechanisms as executed": "mechanisms.events",
    "sensitivity": "mechanisms.events.0.sensitivity",
    "composition": "composition.within_campaign",
    "composition: accountant": "composition.accountant.name",
    "composition: accountant's version": "composition.accountant.version",
    "composition: library": "composition.accountant.library_version",
    "composition: scope": "composition.scope",
    "composition: other releases": "composition.across_campaigns",
    "trust model": "trust_model.model",
    "threat model: who is trusted": "trust_model.parties",
    "access control: authentication": "trust_model.authentication.method",
    "query model": "query_model.kind",
    "tuning on the same data": "tuning.tuning_runs",
    "public data": "public_inputs.corpora",
    "data collection exposure": "data_collection_exposure",
    "side channels": "side_channels",
    "utility and bias": "utility_and_bias",
    "what is not covered": "exclusions",
}
EXCLUDED = {
    "Site-only gates",
    "De-identification",
    "Pretraining overlap",
    "Participation, liveness and timing",
    "Side channels of the host",
    "Other releases of the same records",
}
VOTES, UPDATE = ReleaseKind.NOISY_VOTES, ReleaseKind.NOISY_UPDATE
#: One of every mechanism, with enough noise that all together cost a little.
EVERY_MECHANISM: tuple[Event, ...] = (
    GaussianEvent("a", VOTES, 1.0, 6.0),
    DiscreteGaussianEvent("b", VOTES, 1.0, 6.0, grid_for(6.0), 10),
    DistributedGaussianEvent("c", VOTES, 1.0, 4.0, grid_for(4.0), 10, 5, 4, 1, 2**40),
    SubsampledGaussianEvent("d", UPDATE, 1.0, 2.0, grid_for(2.0), 10, 0.01, 20),
    LaplaceEvent("e", VOTES, 1.0, 8.0, grid_for(8.0), 3),
    RandomizedResponseEvent("f", VOTES, 4, 0.3, 2),
    AboveThresholdEvent("g", VOTES, 1.0, 16.0, 16.0, grid_for(16.0), 1),
)


def at(values: Any, path: str) -> Any:
    for part in path.split(".") if path else ():
        values = values[int(part)] if isinstance(values, list) else values[part]
    return values


def strict(text: str) -> Any:
    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is not JSON")

    return json.loads(text, parse_constant=refuse)


def shown(html: str) -> str:
    """A page's text, without its style sheet."""

    class Text(HTMLParser):
        found = ""

        def handle_data(self, data: str) -> None:
            self.found += data

    reader = Text()
    reader.feed(html.split("</style>")[1])
    return " ".join(reader.found.split())


@pytest.mark.parametrize("path", ASKED_FOR.values(), ids=ASKED_FOR.keys())
def test_everything_that_nist_asks_for_is_stated(path: str) -> None:
    value = at(strict(statement_json(privacy_statement())), path)
    assert value is not None
    assert value not in ("", [], {})


def test_epsilon_is_what_the_listed_events_cost() -> None:
    values = strict(statement_json(privacy_statement(campaign_result(privacy__max_sites_per_unit=2))))
    events = [event_from_dict(event) for event in values["mechanisms"]["events"]]
    stated = values["privacy_parameters"]
    assert len(events) == 5
    assert stated["per_site"]["epsilon"] == epsilon(events, stated["delta"])
    assert stated["consortium"]["epsilon"] == epsilon(events * 2, stated["delta"])
    assert stated["per_site"]["epsilon"] < stated["consortium"]["epsilon"] < 2 * stated["per_site"]["epsilon"]
    assert values["mechanisms"]["number_of_sites"] == 3, "a plan that all sites share is listed once"


def test_epsilon_is_that_of_the_report() -> None:
    result = campaign_result(privacy__max_sites_per_unit=3)
    result.score = evaluate(HELDOUT.labels, HELDOUT.labels, result.plan.labels)
    report = summarise(result, HELDOUT, CREATED, "0.1.0")
    assert report is not None
    stated, spent = privacy_statement(result).privacy_parameters, report.privacy
    assert {site.epsilon for site in spent.sites.values()} == {stated.per_site.epsilon}
    assert spent.consortium_epsilon == stated.consortium.epsilon
    assert (spent.delta, spent.max_sites_per_unit) == (stated.delta, stated.max_sites_per_unit)
    assert len(spent.sites) == 3


def test_slack_of_the_samplers_is_inside_the_figure() -> None:
    ideal = [GaussianEvent(event.key, event.release, event.sensitivity, event.noise_std) for event in whole_plan()]
    stated = privacy_statement().privacy_parameters
    assert stated.per_site.slack is not None
    assert stated.per_site.epsilon is not None
    assert 0 < stated.per_site.slack.epsilon < 1e-6
    assert 0 < stated.per_site.slack.delta < 1e-12
    assert stated.per_site.epsilon > epsilon(ideal, stated.delta) + stated.per_site.slack.epsilon


def whole_plan() -> tuple[Event, ...]:
    return campaign_result().plan.mechanisms


def test_noise_off_promises_nothing_and_prints_no_epsilon() -> None:
    statement = noise_off_statement()
    values = strict(statement_json(statement))
    stated = values["privacy_parameters"]
    assert values["not_stated"].startswith("Nothing is promised. The noise was off")
    assert stated["per_site"] == stated["consortium"] == {"epsilon": None, "slack": None}
    assert stated["planned_epsilon"] is None
    assert "inf" not in json.dumps(stated)
    page = shown(render_statement(statement))
    assert "Nothing is promised. The noise was off" in page
    assert "ε =" not in page.replace("\u00a0", " ")
    assert "times as likely" not in page
    assert "0 (off)" in page


def test_noise_too_small_to_be_bounded_is_not_called_off() -> None:
    weak = (GaussianEvent("a", VOTES, 1.0, 1e-6),)
    statement = privacy_statement(campaign_result(weak, privacy__epsilon=math.inf))
    assert statement.privacy_parameters.per_site.epsilon is None
    assert statement.not_stated is not None
    assert "The noise is too small" in statement.not_stated


def test_a_consortium_may_have_no_bound_where_a_site_has_one() -> None:
    strong = (GaussianEvent("a", VOTES, 1.0, 1.01e-4),)  # μ is just below what is resolved, √2·μ is above
    statement = privacy_statement(campaign_result(strong, planned=1e9, privacy__max_sites_per_unit=2))
    assert statement.privacy_parameters.per_site.epsilon is not None
    assert statement.privacy_parameters.consortium.epsilon is None
    assert statement.not_stated is None
    assert "ε = none" not in shown(render_statement(statement)).replace("\u00a0", " ")


def test_every_mechanism_can_be_stated(tmp_path: Path) -> None:
    statement = privacy_statement(campaign_result(EVERY_MECHANISM))
    write_statement(statement, tmp_path)
    assert read_statement(tmp_path / "privacy_statement.json") == statement
    accountant = statement.composition.accountant
    assert accountant.method == "privacy_loss_distribution"
    assert accountant.discretisation_interval == INTERVAL
    assert {exclusion.subject for exclusion in statement.exclusions} >= {"Floating point"}
    page = shown(render_statement(statement))
    for said in ("Gaussian: continuous", "20 steps, sampling rate 0.01", "4 of 5 sites answer, 1 collude", "2 answers"):
        assert said in page


def test_gaussian_mechanisms_alone_are_accounted_for_in_closed_form() -> None:
    accountant = privacy_statement().composition.accountant
    assert (accountant.method, accountant.discretisation_interval) == ("closed_form", None)
    assert re.match(r"0\.\d", accountant.library_version)


def test_unit_and_its_records_follow_the_plan() -> None:
    record = privacy_statement().unit_of_privacy
    subject = privacy_statement(campaign_result(privacy__unit="subject", privacy__records_per_unit=7)).unit_of_privacy
    assert (record.unit, record.records_per_unit) == ("record", 1), "a record is a unit of its own"
    assert (subject.unit, subject.records_per_unit) == ("subject", 7)
    assert "one subject" in render_statement(privacy_statement(campaign_result(privacy__unit="subject")))


def test_who_was_not_enrolled_was_trusted_at_first_use() -> None:
    assert privacy_statement().trust_model.authentication.method == "enrolled"
    trusted = privacy_statement(campaign_result(enrolled=False)).trust_model.authentication
    assert trusted.method == "trust_on_first_use"
    assert "no enrolment list" in trusted.meaning


def test_tuning_runs_are_those_of_the_settings() -> None:
    assert privacy_statement().tuning.tuning_runs == 0
    tuned = privacy_statement(campaign_result(privacy__tuning_runs=4))
    assert tuned.tuning.tuning_runs == 4
    assert "4 campaigns were run on these records to choose settings" in shown(render_statement(tuned))


def test_public_inputs_name_licences_and_no_folder() -> None:
    inputs = privacy_statement().public_inputs
    corpora = {corpus.name: corpus.licence for corpus in inputs.corpora}
    assert corpora == {"clinc150": "CC BY 3.0", "own.csv": "not stated"}
    assert inputs.labels == campaign_result().plan.labels
    assert "a/folder" not in statement_json(privacy_statement())
    assert "public sentence pairs" in inputs.encoder_pretraining


@pytest.mark.parametrize("simulated", [False, True])
def test_exclusions_name_what_is_not_covered(simulated: bool) -> None:
    subjects = {exclusion.subject for exclusion in privacy_statement(simulated=simulated).exclusions}
    assert subjects >= EXCLUDED
    assert ("Reference figures" in subjects) == simulated
    assert "Floating point" not in subjects, "noise on a grid is drawn as whole numbers"


def _first_event(values: dict[str, Any], name: str, change: Callable[[float], float]) -> None:
    event = values["mechanisms"]["events"][0]
    event[name] = change(event[name])


def _more_noise(values: dict[str, Any]) -> None:
    _first_event(values, "noise_std", lambda noise: 2 * noise)
    _first_event(values, "grid", lambda grid: 2 * grid)


def _in(path: str, value: object) -> Callable[[dict[str, Any]], None]:
    def change(values: dict[str, Any]) -> None:
        *where, last = path.split(".")
        at(values, ".".join(where))[last] = value(at(values, path)) if callable(value) else value

    return change


MUTATIONS: dict[str, tuple[Callable[[dict[str, Any]], None], str]] = {
    "an event's noise is doubled": (_more_noise, "ε per site is not what the events cost"),
    "ε is lowered": (
        _in("privacy_parameters.per_site.epsilon", lambda value: value * 0.999),
        "ε per site is not what the events cost",
    ),
    "ε is raised": (
        _in("privacy_parameters.per_site.epsilon", lambda value: value * 1.001),
        "ε per site is not what the events cost",
    ),
    "the consortium's ε is lowered": (
        _in("privacy_parameters.consortium.epsilon", 1.0),
        "the consortium's ε is not what the events cost",
    ),
    "δ is raised": (_in("privacy_parameters.delta", 1e-3), "ε per site is not what the events cost"),
    "more sites share a unit": (
        _in("privacy_parameters.max_sites_per_unit", 2),
        "the consortium's ε is not what the events cost",
    ),
    "the slack is left out": (
        _in("privacy_parameters.per_site.slack", {"epsilon": 0.0, "delta": 0.0}),
        "ε per site is not what the events cost",
    ),
    "the plan was to cost less": (_in("privacy_parameters.planned_epsilon", 1.0), "ε is above what was planned"),
    "ε is taken out": (
        _in("privacy_parameters.per_site", {"epsilon": None, "slack": None}),
        "ε per site is not what the events cost",
    ),
    "nothing is promised after all": (_in("not_stated", "nothing"), "a statement with ε says that there is none"),
    "an event is left out": (lambda v: v["mechanisms"]["events"].pop(), "ε per site is not what the events cost"),
    "an event is of an unknown mechanism": (
        lambda v: v["mechanisms"]["events"][0].update(mechanism="perfect"),
        "an event names no known mechanism",
    ),
    "the charge for ledgers is lowered": (
        _in("composition.charge.mu", lambda value: value * 0.99),
        "the charge for the sites' ledgers is not what the events cost",
    ),
    "the charge for ledgers is taken out": (
        _in("composition.charge", None),
        "the charge for the sites' ledgers is not what the events cost",
    ),
    "a site is left out": (lambda v: v["mechanisms"]["sites"].pop(), "the number of sites"),
    "contributions are said to be smaller": (
        _in("unit_of_privacy.contribution_norms", [0.5]),
        "the bounds on a contribution are not the events'",
    ),
    "another accountant is named": (
        _in("composition.accountant.method", "privacy_loss_distribution"),
        "the accountant's method is not the one",
    ),
    "a field is unknown": (_in("certified", True), "certified"),
    "an inner field is unknown": (_in("tuning.certified", True), "tuning.certified"),
    "a field is missing": (lambda v: v.pop("exclusions"), "exclusions"),
    "exclusions are emptied": (_in("exclusions", []), "exclusions"),
    "another version of the form": (_in("format", "fedaug-privacy-statement/2"), "format"),
}


@pytest.mark.parametrize(("change", "said"), MUTATIONS.values(), ids=MUTATIONS.keys())
def test_a_mutated_statement_is_refused(change: Callable[[dict[str, Any]], None], said: str, tmp_path: Path) -> None:
    path = tmp_path / "privacy_statement.json"
    values = strict(statement_json(privacy_statement()))
    path.write_text(json.dumps(values), "utf-8")
    assert read_statement(path).campaign == "tiny"  # unchanged it is read
    before = copy.deepcopy(values)
    change(values)
    assert values != before
    path.write_text(json.dumps(values), "utf-8")
    with pytest.raises(InputError, match=re.escape(said)):
        read_statement(path)


@pytest.mark.parametrize(
    "data",
    [b"", b"\xff", b"[]", b"null", b'{"a": NaN}', b'{"title": 1, "title": 1}', b"[" * 200_000, b'{"a": 1e999}'],
)
def test_bytes_that_are_no_statement_are_refused(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "privacy_statement.json"
    path.write_bytes(data)
    with pytest.raises(InputError, match="FA100: the file is no privacy statement"):
        read_statement(path)


def test_of_a_file_without_end_only_so_much_is_read(tmp_path: Path) -> None:
    path = tmp_path / "privacy_statement.json"
    path.write_text(" " * LIMITS.release_file_bytes + statement_json(privacy_statement()), "utf-8")
    with pytest.raises(InputError, match="FA100: the file is no privacy statement"):
        read_statement(path)


def test_a_key_that_comes_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "privacy_statement.json"
    path.write_text(statement_json(privacy_statement()).replace("{", '{"title": "another",', 1), "utf-8")
    with pytest.raises(InputError, match="not strict JSON"):
        read_statement(path)


def test_a_missing_statement_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(MissingFile, match="FA201: there is no privacy statement"):
        read_statement(tmp_path / "privacy_statement.json")
    with pytest.raises(InputError, match="cannot be read"):
        read_statement(tmp_path)


def test_a_campaign_over_its_plan_cannot_be_stated() -> None:
    costly = (GaussianEvent("a", VOTES, 1.0, 0.1),)
    with pytest.raises(ValidationError, match="ε is above what was planned"):
        privacy_statement(campaign_result(costly))


def test_an_error_does_not_quote_what_was_given(tmp_path: Path) -> None:
    values = strict(statement_json(privacy_statement()))
    values["tuning"]["tuning_runs"] = "SECRET"
    (tmp_path / "s.json").write_text(json.dumps(values), "utf-8")
    with pytest.raises(InputError) as caught:
        read_statement(tmp_path / "s.json")
    assert "SECRET" not in str(caught.value)


def test_equal_campaigns_give_equal_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_statement(privacy_statement(), tmp_path / name)
    for file in ("privacy_statement.json", "privacy_statement.html"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def keys(values: object) -> object:
    """A value's shape: what keys there are, and where."""
    if isinstance(values, dict):
        return {name: keys(value) for name, value in values.items()}
    return [keys(value) for value in values] if isinstance(values, list) else type(values).__name__


def test_the_form_is_that_of_the_vector() -> None:
    read = read_statement(VECTOR)
    assert read.privacy_parameters.per_site.epsilon == pytest.approx(3.9996, abs=1e-3)
    assert keys(strict(VECTOR.read_text("utf-8"))) == keys(strict(statement_json(privacy_statement())))


def test_report_and_statement_point_to_each_other(tmp_path: Path) -> None:
    result = campaign_result()
    result.score = evaluate(HELDOUT.labels, HELDOUT.labels, result.plan.labels)
    report = summarise(result, HELDOUT, CREATED, "0.1.0")
    assert report is not None
    statement = privacy_statement(result)
    write_report(report, tmp_path, statement)
    assert {path.name for path in tmp_path.iterdir()} == {
        "report.json",
        "report.html",
        "privacy_statement.json",
        "privacy_statement.html",
    }
    pages = {name: (tmp_path / f"{name}.html").read_text("utf-8") for name in ("report", "privacy_statement")}
    assert 'href="privacy_statement.html"' in pages["report"]
    assert 'href="report.html"' in pages["privacy_statement"]
    spent = words.epsilon(statement.privacy_parameters.per_site.epsilon or 0)
    assert all(spent in shown(page) for page in pages.values())
    assert "privacy_statement" not in render_html(report), "no link to a page that is not there"
    assert "report.html" not in render_statement(statement)


def test_hostile_text_stays_text_on_the_page() -> None:
    hostile = '<script>alert("x")</script>\u202e{{ 7*7 }}'
    result = campaign_result(title=hostile, label_words={"pin_blocked": hostile})
    result.sites = (hostile,)
    html = render_statement(privacy_statement(result))
    assert "<script" not in html
    assert "\u202e" not in html
    assert "&lt;script&gt;" in html
    assert "{{ 7*7 }}" in html


def test_the_page_asks_no_other_computer_and_says_its_policy() -> None:
    html = render_statement(privacy_statement(), with_report=True)
    addresses = re.findall(r'(?:href|src|action)="([^"]*)"', html)
    assert set(addresses) == {"#main", "data:,", "report.html"}
    assert not re.search(r"https?:|//[a-z]|@import|<script", html)
    assert "default-src 'none'" in html


def test_odds_are_rounded_up_and_never_overflow() -> None:
    assert words.factor_at_most(0.0) == "1.00"
    assert words.factor_at_most(1.0) == "2.72"
    assert words.factor_at_most(4.0) == "54.6"
    assert words.factor_at_most(5.0) == "149"
    assert words.factor_at_most(9.0) == "8,110"
    assert words.factor_at_most(100.0) == "2.69 × 10⁴³"
    assert words.factor_at_most(1e6).endswith("× 10⁴³⁴²⁹⁴")
    for value in (0.01, 0.5, 2.0, 3.3, 6.9, 13.0):
        assert float(words.factor_at_most(value).replace(",", "")) >= math.exp(value)


def test_statement_is_frozen() -> None:
    statement: PrivacyStatement = privacy_statement()
    with pytest.raises(ValidationError, match="frozen"):
        statement.title = "another"  # type: ignore[misc]  # the attempt is the test
