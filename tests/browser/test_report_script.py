"""What the report's script adds, by pointer and by keyboard; and that nothing is missing without it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.browser_pipe import Tab, find_browser, tab
from tests.vectors.make_report_data import report_data

from fedaug.server.report import ReportData, write_report

pytestmark = pytest.mark.skipif(find_browser() is None, reason="no Chromium on this machine (apt install chromium)")

TIP = "document.querySelector('.tip')"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    with tab(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    values = report_data()
    values["samples"]["gallery"] *= 2  # enough to be searched
    return write_report(ReportData(**values), tmp_path_factory.mktemp("report"))


@pytest.fixture
def page(browser: Tab, written: Path) -> Tab:
    browser.console.clear()
    browser.open(written, 1280)
    return browser


def press(page: Tab, key: str) -> None:
    for kind in ("keyDown", "keyUp"):
        page.call("Input.dispatchKeyEvent", type=kind, key=key, code=key)


def test_pointing_near_a_mark_shows_what_it_stands_for(page: Tab) -> None:
    page.evaluate("document.querySelector('#utility svg.plot').scrollIntoView({block: 'center'})")
    assert page.evaluate(f"{TIP}.hidden")
    x, y = page.evaluate("""(() => {
      const box = document.querySelector('#utility svg.plot .mark').getBoundingClientRect();
      return [box.left + box.width / 2, box.top + box.height / 2]; })()""")
    page.call("Input.dispatchMouseEvent", type="mouseMoved", x=x + 5, y=y + 5)
    shown = page.evaluate(f"{TIP}.hidden ? '' : {TIP}.textContent")
    assert shown.startswith("no private record (ε = 0): 48.2 %")
    assert page.evaluate("document.querySelectorAll('.mark.on').length") == 1
    page.call("Input.dispatchMouseEvent", type="mouseMoved", x=5, y=5)
    assert page.evaluate(f"{TIP}.hidden")
    assert page.console == []


def test_arrow_keys_step_through_a_plots_marks_and_tell_them_aloud(page: Tab) -> None:
    page.evaluate("[...document.querySelectorAll('svg.plot')].find(s => s.textContent.includes('per label')).focus()")
    told = []
    for key in ("ArrowRight", "ArrowRight", "ArrowLeft", "End", "Home"):
        press(page, key)
        told.append(page.evaluate("document.querySelector('.spoken').textContent"))
    assert told[0] == told[2] == told[4]
    assert len(set(told)) == 3
    assert all("→" in text for text in told)
    assert page.evaluate(f"{TIP}.textContent") == told[-1]
    press(page, "Escape")
    assert page.evaluate(f"{TIP}.hidden")


def test_every_plot_can_be_reached_and_a_tip_never_leaves_the_screen(browser: Tab, written: Path) -> None:
    browser.open(written, 390, phone=True)
    reached = browser.evaluate("""[...document.querySelectorAll('svg.plot')].map(svg => {
      svg.focus();
      const seen = [];
      for (const key of ['Home', 'End']) {
        svg.dispatchEvent(new KeyboardEvent('keydown', {key}));
        const box = document.querySelector('.tip').getBoundingClientRect();
        seen.push(box.width > 0 && box.left >= 0 && box.right <= innerWidth);
      }
      return document.activeElement === svg && seen.every(Boolean);
    })""")
    assert reached == [True] * 8
    assert browser.evaluate("document.documentElement.scrollWidth") <= 390


def test_headings_sort_a_table_by_number_and_by_name(page: Tab) -> None:
    column = "[...table.tBodies[0].rows].map(row => row.cells[%d].textContent)"
    find = "const table = document.querySelector('#privacy table.sortable');"
    head = "table.tHead.rows[0].cells[%d].querySelector('button').click();"
    shares = page.evaluate(f"(() => {{ {find} {head % 2} return {column % 2}; }})()")
    assert shares == sorted(shares, key=float, reverse=True)
    names = page.evaluate(f"(() => {{ {find} {head % 0} return {column % 0}; }})()")
    assert names == [f"bank-{number}" for number in range(1, 11)]
    assert page.evaluate(f"(() => {{ {find} return table.tHead.rows[0].cells[0].ariaSort; }})()") == "ascending"


def test_the_gallery_can_be_searched(page: Tab) -> None:
    page.evaluate("document.getElementById('find-sample').focus()")
    page.call("Input.insertText", text="ABROAD")
    count = "[...document.querySelectorAll('.gallery li')].filter(item => item.checkVisibility()).length"
    assert page.evaluate(count) == 4  # two samples say so, and two are varied from them
    assert page.evaluate("document.querySelector('.find [role=status]').textContent") == "4 of 12"
    page.media("print")
    assert page.evaluate(count) == 12  # paper holds all of them


def test_without_script_everything_is_there_and_marks_have_titles(browser: Tab, written: Path) -> None:
    browser.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.open(written, 1280)
        tree = json.dumps(browser.call("DOM.getDocument", depth=-1, pierce=True), ensure_ascii=False)
    finally:
        browser.call("Emulation.setScriptExecutionDisabled", value=False)
    assert '"hint"' not in tree
    assert '"find"' not in tree
    assert tree.count('"mark"') > 77
    assert "bank-3: audit shows ε ≥ 0.04; 217 of 400 guesses right" in tree
    assert "The top-up with my debit card" in tree
