"""What the report's two files hold, and what they must never do."""

import base64
import builtins
import hashlib
import json
import math
import re
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType
from typing import Any

import matplotlib as mpl
import pytest
from pydantic import ValidationError
from tests.vectors.make_report_data import report_data

from fedaug.errors import InputError, MissingExtra, MissingFile
from fedaug.pages import template, words
from fedaug.privacy.limits import LIMITS
from fedaug.privacy.units import ADJACENCY
from fedaug.server.report import (
    KindCharge,
    Privacy,
    ReportData,
    Samples,
    SitePrivacy,
    Utility,
    read_report,
    report_json,
    write_report,
)
from fedaug.server.report.render import render_html

VECTOR = Path(__file__).parents[2] / "vectors" / "report_data.json"
SCRIPT = Path(template.__file__).with_name("templates") / "page.js"
HOSTILE = (
    '<script>alert("x")</script><img src=http://evil.example/x onerror=y> '
    "\u202egnp.exe\u202c \u2066 👩‍⚕️ $x^ \x07 {{ 7*7 }}"
)


def facts(**changes: Any) -> ReportData:
    return ReportData(**(report_data(sites=3, labels=14, rounds=3) | changes))


def strict(text: str) -> Any:
    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is not JSON")

    return json.loads(text, parse_constant=refuse)


class Page(HTMLParser):
    """Every element and attribute of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.scripts: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.lasttag == "script" and self.elements[-1][0] == "script" and not self.scripts:
            self.scripts.append(data)
        else:
            self.text += data

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def test_report_json_has_the_keys_that_stay() -> None:
    report = strict(report_json(facts()))
    assert set(report["utility"]) >= {"metric", "student", "epsilon0", "nonprivate", "local_only", "gap_closed"}
    assert set(report["privacy"]) >= {"unit", "adjacency", "delta", "trust_model", "consortium_epsilon", "sites"}
    assert set(report["privacy"]["sites"]) == {"bank-1", "bank-2", "bank-3"}
    assert all(set(site) >= {"epsilon", "budget", "releases"} for site in report["privacy"]["sites"].values())
    assert set(report["samples"]) >= {"offered", "accepted", "rejected"}
    assert report["samples"]["rejected"]["duplicate"] == 1904
    assert set(report["timing"]) == {"total_s", "phases"}
    assert report["config"]["voting"]["votes_per_record"] == 8
    assert report["privacy"]["adjacency"] == ADJACENCY


def test_vector_is_what_its_script_writes() -> None:
    assert VECTOR.read_text(encoding="utf-8") == report_json(ReportData(**report_data()))


@pytest.mark.parametrize(
    ("student", "epsilon0", "nonprivate", "expected"),
    [
        (0.6, 0.4, 0.8, 0.5),
        (0.3, 0.4, 0.8, -0.25),
        (0.6, None, 0.8, None),
        (0.6, 0.4, None, None),
        (0.6, 0.4, 0.4, None),  # there is no gap
        (0.6, 0.4, 0.3, None),  # the reference is worse: a ratio would mislead
    ],
)
def test_gap_closed_is_derived_and_null_without_a_gap(
    student: float, epsilon0: float | None, nonprivate: float | None, expected: float | None
) -> None:
    gap = Utility(student=student, epsilon0=epsilon0, nonprivate=nonprivate).gap_closed
    assert gap == (None if expected is None else pytest.approx(expected))


def test_claimed_gap_is_not_believed_when_a_report_is_read(tmp_path: Path) -> None:
    claimed = strict(report_json(facts()))
    claimed["utility"]["gap_closed"] = 0.99
    (tmp_path / "report.json").write_text(json.dumps(claimed), encoding="utf-8")
    assert read_report(tmp_path / "report.json").utility.gap_closed == pytest.approx((0.613 - 0.482) / (0.891 - 0.482))


def test_report_read_back_is_the_report_written(tmp_path: Path) -> None:
    data = ReportData(**report_data(sites=2, labels=5, rounds=2, noise=False))
    write_report(data, tmp_path)
    assert read_report(tmp_path / "report.json") == data


def test_deployment_has_null_references_and_a_page_without_them(tmp_path: Path) -> None:
    full = facts()
    data = full.with_utility(epsilon0=None, nonprivate=None, local_only=None, references=(), per_label=())
    data = data.model_copy(update={"not_promised": ()})
    write_report(data, tmp_path)
    utility = strict((tmp_path / "report.json").read_text(encoding="utf-8"))["utility"]
    assert [utility[key] for key in ("epsilon0", "nonprivate", "local_only", "gap_closed")] == [None] * 4
    text = Page((tmp_path / "report.html").read_text(encoding="utf-8")).text
    assert "reference figures" not in text
    assert "reference figures" in Page(render_html(full)).text


def test_oracle_adds_its_references_by_name_only() -> None:
    data = facts().with_utility(nonprivate=0.9)
    assert data.utility.nonprivate == 0.9
    with pytest.raises(ValidationError, match="less than or equal to 1"):
        data.with_utility(nonprivate=1.5)
    with pytest.raises(ValidationError, match="Extra inputs"):
        data.with_utility(nonprivat=0.9)


def test_infinite_epsilon_is_the_text_inf_and_reads_as_noise_off() -> None:
    data = ReportData(**report_data(sites=2, labels=5, rounds=2, noise=False))
    report = strict(report_json(data))
    assert report["privacy"]["sites"]["bank-1"]["epsilon"] == "inf"
    assert report["privacy"]["consortium_epsilon"] == "inf"
    assert report["config"]["privacy"]["epsilon"] == "inf"
    text = " ".join(Page(render_html(data)).text.split())
    assert "none (noise off)" in text
    assert "no privacy is promised" in text
    assert "Nothing. At least one site added no noise" in text
    assert "(ε, δ)-differential privacy, with ε from the table" not in text


@pytest.mark.parametrize("epsilon", [math.nan, -0.1, "nan", "Infinity!", None])
def test_epsilon_that_is_no_cost_is_refused(epsilon: object) -> None:
    with pytest.raises(ValidationError, match="epsilon"):
        KindCharge.model_validate({"count": 1, "epsilon": epsilon})


def test_nan_in_the_settings_is_refused() -> None:
    with pytest.raises(ValidationError, match="a setting is not a number"):
        facts(config={"a": [1.0, {"b": math.nan}]})


def test_error_does_not_quote_what_was_given() -> None:
    with pytest.raises(ValidationError) as caught:
        Samples.model_validate(
            {"offered": 1, "accepted": 1, "gallery": [{"label": "l", "text": 1, "origin": "SECRET"}]}
        )
    assert "SECRET" not in str(caught.value)


def test_more_accepted_than_offered_is_refused() -> None:
    with pytest.raises(ValidationError, match="more samples were accepted and refused than were offered"):
        Samples(offered=10, accepted=8, rejected={"length": 3})


def test_headline_student_must_be_the_declared_one() -> None:
    with pytest.raises(ValidationError, match="student_name must name one of students"):
        facts().with_utility(student=0.7)


def test_sites_are_in_natural_order() -> None:
    site = SitePrivacy(epsilon=1, budget=2)
    privacy = Privacy(
        unit="record",
        delta=1e-5,
        trust_model="local",
        consortium_epsilon=1,
        sites={"s-10": site, "s-2": site, "a": site},
    )
    assert list(privacy.sites) == ["a", "s-2", "s-10"]


def test_same_facts_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_report(facts(), tmp_path / name)
    for file in ("report.json", "report.html"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_readers_own_matplotlibrc_does_not_change_the_bytes() -> None:
    plain = render_html(facts())
    with mpl.rc_context({"font.size": 25, "lines.color": "red", "axes.grid": True}):
        assert render_html(facts()) == plain


def hostile_everywhere() -> ReportData:
    values = report_data(sites=2, labels=3, rounds=2)
    long = "x" * 10_000
    for name in ("title", "campaign", "description", "fedaug_version"):
        values[name] = HOSTILE
    values["utility"] |= {"student_name": HOSTILE, "test_set": HOSTILE, "metric": HOSTILE}
    values["utility"]["students"] = [{"name": HOSTILE, "accuracy": 0.613, "note": HOSTILE}]
    for entry in (*values["utility"]["references"], *values["utility"]["per_label"], *values["utility"]["trajectory"]):
        entry.update({key: HOSTILE for key in ("name", "label", "phase", "note") if key in entry})
    values["privacy"]["sites"] = {
        HOSTILE: values["privacy"]["sites"]["bank-1"],
        long: values["privacy"]["sites"]["bank-2"],
    }
    for release in values["privacy"]["releases"]:
        release |= {"site": HOSTILE, "key": HOSTILE, "kind": HOSTILE}
    values["samples"]["rejected"] = {HOSTILE: 3}
    values["samples"]["gallery"] = [
        {"label": HOSTILE, "text": t, "origin": HOSTILE} for t in (HOSTILE, long, "\u202e" * 50)
    ]
    values["timing"]["phases"] = {HOSTILE: 1.0}
    values["config"] = {HOSTILE: HOSTILE}
    return ReportData(**values)


def test_hostile_text_stays_text() -> None:
    html = render_html(hostile_everywhere())
    page = Page(html)
    assert page.scripts == [SCRIPT.read_text("utf-8")]  # the page's own, and no other
    assert len(page.named("script")) == 1
    assert not page.named("img")
    assert not any(name.startswith("on") for _, attributes in page.elements for name in attributes)
    assert "&lt;script&gt;alert" in html
    assert '<script>alert("x")</script>' in page.text  # shown as what it is
    assert "{{ 7*7 }}" in page.text


def test_invisible_and_direction_marks_are_spelt_out() -> None:
    html = render_html(hostile_everywhere())
    assert not set(html) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\x07")
    assert "⟨U+202E⟩gnp.exe" in html
    assert "👩‍⚕️" in html  # its joiner is kept, so it still looks like one person


def test_long_sample_is_shortened_on_the_page_and_whole_in_the_file() -> None:
    data = hostile_everywhere()
    assert "[shortened; 10,000 characters in all]" in render_html(data)
    assert strict(report_json(data))["samples"]["gallery"][1]["text"] == "x" * 10_000


def test_page_asks_no_other_computer() -> None:
    html = render_html(facts())
    page = Page(html)
    addresses = [
        v or "" for _, attrs in page.elements for k, v in attrs.items() if k in {"src", "href", "xlink:href", "action"}
    ]
    assert len(addresses) > 5
    assert all(re.match(r"#|data:", address) for address in addresses), addresses
    assert not re.search(r"https?:|//[a-z]|@import", html)
    assert all(url.startswith("#") for url in re.findall(r"url\(([^)]*)\)", html))
    policy = next(a["content"] for a in page.named("meta") if a.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:")
    own = base64.b64encode(hashlib.sha256(page.scripts[0].encode()).digest()).decode()
    assert re.search(r"script-src ([^;]*);", policy)[1] == f"'sha256-{own}'"  # type: ignore[index]  # or the test fails


def test_page_can_be_read_aloud() -> None:
    page = Page(render_html(facts()))
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert page.named("html")[0]["lang"] == "en"
    assert {"header", "nav", "main", "footer"} <= {tag for tag, _ in page.elements}
    assert len(page.named("h1")) == 1
    assert all(attributes.get("scope") in {"col", "row", "colgroup"} for attributes in page.named("th"))
    plots = [a for a in page.named("svg") if a.get("class") == "plot"]
    assert len(plots) == 8
    for plot in plots:
        assert plot["role"] == "img"
        assert set((plot["aria-labelledby"] or "").split()) <= set(ids)
    unnamed = [a for a in page.named("svg") if "aria-hidden" not in a and "aria-label" not in a and a not in plots]
    assert not unnamed


def test_spent_epsilon_is_never_understated() -> None:
    assert words.epsilon(3.9901) == "4.00"
    assert words.epsilon(4.0) == "4.00"
    assert words.epsilon(0.0) == "0.00"
    assert words.budget(3.999) == "3.99"
    assert words.epsilon(math.inf) == "none (noise off)"


def test_detection_bound_stays_a_probability() -> None:
    assert words.detection_bound(1.0, 1e-5, 0.01) == pytest.approx(math.e * 0.01 + 1e-5)
    assert words.detection_bound(5.0, 1e-5, 0.01) == 1.0
    assert words.detection_bound(math.inf, 1e-5, 0.01) == 1.0


def test_missing_library_names_the_extra_and_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    true_import = builtins.__import__

    def without_jinja(name: str, *args: Any, **kwargs: Any) -> ModuleType:
        if name.startswith("jinja2") or name == "fedaug.server.report.page":
            raise ModuleNotFoundError("No module named 'jinja2'", name="jinja2")
        return true_import(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without_jinja)
    with pytest.raises(MissingExtra, match=re.escape("FA104: the report's page needs jinja2 and matplotlib")):
        write_report(facts(), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_failed_write_leaves_the_old_report_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_report(facts(), tmp_path)
    before = (tmp_path / "report.json").read_bytes()

    def full_disk(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("fedaug.pages.files.os.fsync", full_disk)
    with pytest.raises(OSError, match="No space left"):
        write_report(facts(title="another"), tmp_path)
    assert (tmp_path / "report.json").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report.html", "report.json"]


def test_file_that_is_no_report_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingFile, match="FA201"):
        read_report(tmp_path / "report.json")
    (tmp_path / "report.json").write_text('{"format": "fedaug-report/9"}', encoding="utf-8")
    with pytest.raises(InputError, match="not a report of this version"):
        read_report(tmp_path / "report.json")


def test_of_a_file_without_end_only_so_much_is_read(tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text(" " * LIMITS.release_file_bytes + report_json(facts()), encoding="utf-8")
    with pytest.raises(InputError, match="not a report of this version"):
        read_report(tmp_path / "report.json")


def test_alike_mechanisms_and_sites_share_a_row() -> None:
    page = Page(render_html(ReportData(**report_data(sites=50, labels=150, rounds=10))))
    assert " ".join(page.text.split()).count("all 50 sites") == 4
    assert "votes/0, votes/1 … votes/9" in page.text


def compared(student: float, epsilon0: float, texts: int, local_only: float) -> str:
    """The page of a report with one student and two references."""
    data = facts().with_utility(
        student=student, epsilon0=epsilon0, local_only=local_only, test_size=texts, students=(), student_name=""
    )
    return render_html(data)


@pytest.mark.parametrize(
    ("student", "texts", "said"),
    [(0.70, 1_500, "raised"), (0.62, 100, "did not clearly change"), (0.50, 1_500, "did not raise but lowered")],
)
def test_headline_claims_no_change_that_the_held_out_texts_do_not_bear(student: float, texts: int, said: str) -> None:
    assert f"Private records at 3 sites {said} a student" in compared(student, 0.60, texts, 0.1)


def test_headline_warns_when_the_median_site_does_better_alone() -> None:
    assert "At least half of the sites do better alone" in compared(0.70, 0.60, 1_500, local_only=0.71)
    assert "do better alone" not in compared(0.70, 0.60, 1_500, local_only=0.70)


def test_a_bound_on_an_attacker_is_rounded_up() -> None:
    assert words.percent_at_most(0.54548) == words.percent(0.546)
    assert words.percent_at_most(0.545) == words.percent(0.545)
