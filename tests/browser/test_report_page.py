"""Reports, a site's own and the consortium's, and the privacy statement, in a real browser: desk, phone, paper."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.browser_pipe import Tab, find_browser, tab
from tests.site_reports import site_report
from tests.vectors.make_privacy_statement import campaign_result, noise_off_statement, privacy_statement
from tests.vectors.make_report_data import report_data
from tests.vectors.report_findings import audit

from fedaug.client.report import SiteReport, write_site_report
from fedaug.server.report import ReportData, write_report, write_statement

pytestmark = pytest.mark.skipif(find_browser() is None, reason="no Chromium on this machine (apt install chromium)")

WIDTHS = ((1280, False), (390, True))
#: Elements that stick out of the page without a scrolling ancestor that holds them.
STICKING_OUT = """[...document.querySelectorAll('body *')].filter(e => {
  const box = e.getBoundingClientRect();
  return box.width && (box.right > innerWidth + 1 || box.left < -1)
    && !e.closest('.scroll, .skip, svg.plot');
}).map(e => e.tagName + '.' + e.className).slice(0, 5)"""
#: Elements whose text has a contrast below 4.5 to the nearest painted ground.
TOO_PALE = """(() => {
  const linear = v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
  const light = rgb => { const [r, g, b] = rgb.map(v => linear(v / 255)); return .2126 * r + .7152 * g + .0722 * b; };
  const parse = text => text.match(/[0-9.]+/g).map(Number);
  const ground = e => {
    for (; e; e = e.parentElement) {
      const c = parse(getComputedStyle(e).backgroundColor);
      if (c.length < 4 || c[3] > 0) return c.slice(0, 3);
    }
    return [255, 255, 255];
  };
  const pale = new Set();
  for (const e of document.querySelectorAll('body *')) {
    if (![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())) continue;
    const style = getComputedStyle(e), svg = e.namespaceURI.endsWith('svg');
    if (svg && e.tagName !== 'text') continue;
    const a = light(parse(svg ? style.fill : style.color).slice(0, 3));
    const b = light(ground(svg ? e.closest('svg').parentElement : e));
    const contrast = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (contrast < 4.5) pale.add(e.tagName + '.' + (e.getAttribute('class') || '') + ' ' + contrast.toFixed(2));
  }
  return [...pale];
})()"""
#: How many parts of folded details are drawn.
FOLDED_BUT_SHOWN = """[...document.querySelectorAll('details:not([open]) > :not(summary)')]
  .filter(e => e.checkVisibility({contentVisibilityAuto: true})).length"""
#: Texts that are drawn smaller than can be read, in pixels of the screen; a plot's text grows and shrinks with it.
TOO_SMALL = """[...document.querySelectorAll('body *')].filter(e =>
  [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) && e.getClientRects().length
  && !e.closest('.spoken, .tip, script')).map(e => {
    const svg = e.closest('svg.plot'), size = parseFloat(getComputedStyle(e).fontSize);
    return [e, svg ? size * svg.getBoundingClientRect().width / svg.viewBox.baseVal.width : size];
  }).filter(([e, size]) => e.tagName !== 'title' && e.tagName !== 'desc' && size < 9.5)
  .map(([e, size]) => e.tagName + '.' + (e.getAttribute('class') || '') + ' ' + size.toFixed(1)).slice(0, 5)"""
#: Pairs of texts of one plot that lie over each other.
OVERLAPPING = """[...document.querySelectorAll('svg.plot')].flatMap(svg => {
  const boxes = [...svg.querySelectorAll('text')].filter(t => t.textContent.trim())
    .map(t => [t.textContent, t.getBoundingClientRect()]);
  return boxes.flatMap(([a, p], i) => boxes.slice(i + 1)
    .filter(([b, q]) => Math.min(p.right, q.right) - Math.max(p.left, q.left) > 2
      && Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top) > 4)
    .map(([b]) => `${svg.querySelector('title').textContent}: ${a} / ${b}`));
}).slice(0, 5)"""
CASES = {
    "usual": {},
    "noise off": {"sites": 3, "noise": False},
    "large": {"sites": 50, "labels": 150, "rounds": 12},
}


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    with tab(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


LONG, MARKED = "x" * 10_000, '<script>document.title="hit"</script>\u202e' + "א" * 200


def _report(case: str, folder: Path) -> Path:
    values = report_data(**CASES.get(case, {}))
    if case == "hostile":
        values["title"] = LONG
        values["samples"]["gallery"] = [
            {"label": t[:300], "text": t, "origin": t} for t in (LONG, MARKED, "e\u0301" * 2000)
        ]
        values["privacy"]["sites"] = {
            t[:300]: site for t, site in zip((LONG, MARKED), list(values["privacy"]["sites"].values())[:2], strict=True)
        }
        values["config"] = {MARKED: LONG}
        values["audit"] = audit([LONG[:300], MARKED])
        values["audit"]["membership"]["attack"] = LONG
        types = values["deidentification"]["types"]
        values["deidentification"] |= {"policy": LONG, "note": MARKED, "types": types | {LONG: types["AGE"]}}
        values["cards"]["data"] |= {"task": LONG, "origins": {LONG: 3, MARKED: 4}, "uses": [LONG], "limits": [MARKED]}
        values["cards"]["student"] |= {"kind": LONG, "weakest": [{"label": LONG, "accuracy": 0, "support": 1}]}
        values["vetting"]["gates"][0]["gate"] = LONG
        values["utility"]["budgets"][0]["name"] = LONG
        values["not_promised"] = [LONG, MARKED]
        values["samples"]["gallery"][0] |= {"generator": LONG, "operator": MARKED, "parent": LONG}
    return write_report(ReportData(**values), folder, privacy_statement())


def _statement(case: str, folder: Path) -> Path:
    if case == "noise off":
        return write_statement(noise_off_statement(), folder)
    if case == "large":
        return write_statement(privacy_statement(campaign_result(sites=50, steering__rounds=12)), folder)
    result = campaign_result()
    if case == "hostile":
        result = campaign_result(title=LONG, label_words={"pin_blocked": MARKED})
        result.sites = (MARKED, LONG)
    return write_statement(privacy_statement(result, simulated=True), folder)


def _site(case: str, folder: Path) -> Path:
    if case != "hostile":
        sizes = {"large": {"labels": 150, "campaigns": 20}, "noise off": {"noise": False}}
        return write_site_report(site_report(**sizes.get(case, {})), folder / "site.html")
    values = site_report().model_dump(mode="json")
    values |= {"site": LONG, "policy": MARKED, "policy_notes": [LONG, MARKED]}
    values["holdings"]["labels"] = {LONG: 3, MARKED: 2}
    values["campaigns"][0] |= {"campaign": LONG}
    values["campaigns"][0]["releases"][0] |= {"key": LONG, "kind": MARKED}
    values["findings"][0] |= {"campaign": MARKED, "key": LONG, "gate": LONG, "code": LONG, "examples": [LONG]}
    return write_site_report(SiteReport.model_validate(values), folder / "site.html")


WRITERS = {"report": _report, "statement": _statement, "site": _site}


@pytest.fixture(scope="module", params=[(kind, case) for kind in WRITERS for case in (*CASES, "hostile")], ids="-".join)
def page(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    kind, case = request.param
    return WRITERS[kind](case, tmp_path_factory.mktemp(kind))


@pytest.mark.parametrize(("width", "phone"), WIDTHS)
def test_nothing_overflows_nothing_is_asked_for_and_the_console_is_silent(
    browser: Tab, page: Path, width: int, phone: bool, tmp_path: Path
) -> None:
    browser.console.clear()
    browser.requests.clear()
    browser.open(page, width, phone=phone)
    assert browser.evaluate("document.documentElement.scrollHeight") > 2000  # it was drawn
    assert browser.evaluate("document.documentElement.scrollWidth") <= width
    assert browser.evaluate("innerWidth") == width  # a phone zooms out when a page is too wide
    assert browser.evaluate(STICKING_OUT) == []
    assert browser.evaluate("document.title") != "hit"
    assert browser.console == []
    assert [url for url in browser.requests if not url.startswith("data:")] == [page.as_uri()]
    browser.screenshot(tmp_path / "page.png")
    assert (tmp_path / "page.png").stat().st_size > 50_000


def test_folded_parts_are_open_on_paper(browser: Tab, page: Path, tmp_path: Path) -> None:
    browser.open(page, 1280)
    assert browser.evaluate(FOLDED_BUT_SHOWN) == 0
    browser.media("print")
    if page.name == "report.html":  # a statement folds nothing away, and a site's report little
        assert browser.evaluate("document.querySelectorAll('details:not([open])').length") >= 3
        assert browser.evaluate(FOLDED_BUT_SHOWN) >= 3
    browser.pdf(tmp_path / "page.pdf")
    assert (tmp_path / "page.pdf").read_bytes().startswith(b"%PDF")


def test_text_is_dark_enough_to_read(browser: Tab, page: Path) -> None:
    """WCAG 2.2, 1.4.3: at least 4.5 to 1 for all text of the page, against white or the nearest painted ground."""
    browser.open(page, 1280)
    assert browser.evaluate("document.querySelectorAll('p, td, th, li').length") > 40
    assert browser.evaluate(TOO_PALE) == []


@pytest.mark.parametrize(("width", "phone"), WIDTHS)
def test_no_text_is_tiny_and_no_text_of_a_plot_lies_over_another(
    browser: Tab, page: Path, width: int, phone: bool
) -> None:
    browser.open(page, width, phone=phone)
    assert browser.evaluate(TOO_SMALL) == []
    assert browser.evaluate(OVERLAPPING) == []


def test_the_measures_catch_a_page_that_is_too_wide_or_too_pale(browser: Tab, page: Path) -> None:
    """A seeded defect: without it the checks above could pass over nothing."""
    browser.open(page, 1280)
    browser.evaluate("""document.querySelector('main').insertAdjacentHTML('afterbegin',
      '<p class="pale" style="color: #999">text</p><p class="broad" style="width: 200vw; max-width: none">text</p>')""")
    assert browser.evaluate(TOO_PALE) == ["P.pale 2.85"]
    assert browser.evaluate(STICKING_OUT) == ["P.broad"]
    browser.evaluate("""document.querySelector('main').insertAdjacentHTML('afterbegin', `<p class="tiny"
      style="font-size: 6px">text</p><svg class="plot" viewBox="0 0 500 99" style="width: 500px; max-width: none">
      <title>two</title><text x="9" y="50" font-size="20">one</text>
      <text x="9" y="52" font-size="20">over</text></svg>`)""")
    assert browser.evaluate(TOO_SMALL) == ["P.tiny 6.0"]
    assert browser.evaluate(OVERLAPPING) == ["two: one / over"]
    assert browser.evaluate("document.documentElement.scrollWidth") > 1280
