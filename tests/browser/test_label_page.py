"""The labelling page in a real browser: by keyboard alone, offline, and what it saves is what `deid score` reads."""

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.browser.test_report_page import STICKING_OUT, TOO_PALE
from tests.browser_pipe import Tab, find_browser, tab

from fedaug.privacy.deid.scoring import read_labelled
from fedaug.privacy.deid.scoring.label_page import write_label_page
from fedaug.privacy.deid.spans import Span

pytestmark = pytest.mark.skipif(find_browser() is None, reason="no Chromium on this machine (apt install chromium)")

PLAIN = "🏥 Seen by Ann Lee on 3/14.\nShe lives in Oslo."
HOSTILE = '</script><script>document.title="hit"</script><img src=x onerror="document.title=\'hit\'"> {{SCRIPT}} \u2028'
TEXTS = [PLAIN, HOSTILE, "word " * 3_000 + "x" * 5_000, "אבג " * 40]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    with tab(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.fixture
def page(browser: Tab, tmp_path: Path) -> Path:
    path = tmp_path / "label.html"
    write_label_page(path, TEXTS)
    browser.console.clear()
    browser.requests.clear()
    browser.evaluate("onbeforeunload = null; document.documentElement.replaceWith(document.createElement('html'))")
    browser.open(path, 1280)
    return path


def press(browser: Tab, *keys: str) -> None:
    """Keys as the browser sees them; ``+`` before one is shift."""
    for key in keys:
        shift, name = (8, key[1:]) if key.startswith("+") else (0, key)
        text = {"text": name} if len(name) == 1 else {"text": "\r"} if name == "Enter" else {}
        for kind in ("keyDown", "keyUp"):
            more = text if kind == "keyDown" else {}
            browser.call("Input.dispatchKeyEvent", type=kind, key=name, modifiers=shift, **more)


def marks(browser: Tab) -> list[list[str]]:
    found: list[list[str]] = browser.evaluate(
        "[...document.querySelectorAll('#text mark')].map(m => [m.textContent, m.dataset.type])"
    )
    return found


def saved(browser: Tab, folder: Path) -> Path:
    """What the page saves, once it is on the disk."""
    browser.call("Page.setDownloadBehavior", behavior="allow", downloadPath=str(folder))
    browser.evaluate("document.getElementById('save').click()")
    path = folder / "labelled.jsonl"
    for _ in range(100):
        if path.exists() and path.stat().st_size:
            return path
        time.sleep(0.1)
    raise AssertionError("nothing was saved")


def test_a_record_is_labelled_by_keys_alone_and_saved_as_score_reads_it(
    browser: Tab, page: Path, tmp_path: Path
) -> None:
    press(browser, "ArrowRight", *["ArrowRight"] * 3, "+ArrowRight", "1")  # the emoji is a word: 🏥 Seen by [Ann Lee]
    assert marks(browser) == [["Ann Lee", "PERSON"]]
    press(browser, "ArrowRight", "ArrowRight", "+ArrowRight", "+ArrowRight", "2")
    assert marks(browser) == [["Ann Lee", "PERSON"], ["3/14", "DATE_TIME"]]
    press(browser, "Enter")
    (record,) = read_labelled(saved(browser, tmp_path))
    assert record.text == PLAIN
    assert [(PLAIN[span.start : span.end], span.entity_type) for span in record.spans] == [
        ("Ann Lee", "PERSON"),
        ("3/14", "DATE_TIME"),
    ]


def test_a_selection_by_mouse_is_marked_without_the_blanks_around_it(browser: Tab, page: Path) -> None:
    browser.evaluate(
        """(() => { const node = document.getElementById('text').firstChild, at = node.data.indexOf('Oslo');
        getSelection().setBaseAndExtent(node, at - 1, node, at + 4);
        document.querySelector('[data-type=LOCATION]').click(); })()"""
    )
    assert marks(browser) == [["Oslo", "LOCATION"]]


def test_marks_are_replaced_taken_away_and_taken_back(browser: Tab, page: Path) -> None:
    press(browser, *["ArrowRight"] * 4, "+ArrowRight", "1")
    press(browser, "+ArrowLeft", "8")
    assert marks(browser) == [["Ann", "ID"]]
    press(browser, "Delete")
    assert marks(browser) == []
    browser.call("Input.dispatchKeyEvent", type="keyDown", key="z", modifiers=2)
    browser.call("Input.dispatchKeyEvent", type="keyDown", key="z", modifiers=2)
    assert marks(browser) == [["Ann Lee", "PERSON"]]


def test_lines_are_walked_and_punctuation_alone_is_not_marked(browser: Tab, page: Path) -> None:
    press(browser, "ArrowRight", "ArrowDown", "4")
    assert marks(browser) == [["She", "FACILITY"]]
    press(browser, "ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight", "1")
    assert marks(browser) == [["She", "FACILITY"]]
    assert browser.evaluate("document.getElementById('message').textContent") == "Select a word first."


def test_what_is_not_reviewed_is_not_saved(browser: Tab, page: Path, tmp_path: Path) -> None:
    assert browser.evaluate("document.getElementById('save').disabled")
    press(browser, "ArrowRight", "1", "]", "]", "]", "Enter", "[", "[", "[")
    assert browser.evaluate("document.getElementById('where').textContent") == "1 of 4"
    records = list(read_labelled(saved(browser, tmp_path)))
    assert [record.text for record in records] == [TEXTS[3]]


def test_a_saved_file_is_gone_on_with(browser: Tab, page: Path, tmp_path: Path) -> None:
    line = json.dumps({"text": PLAIN, "spans": [{"start": 10, "end": 17, "type": "PERSON"}]})
    kept = tmp_path / "kept.jsonl"
    kept.write_text(line + "\n", "utf-8")
    node = browser.call("DOM.getDocument")["root"]["nodeId"]
    field = browser.call("DOM.querySelector", nodeId=node, selector="#file")["nodeId"]
    browser.call("DOM.setFileInputFiles", nodeId=field, files=[str(kept)])
    for _ in range(50):
        if marks(browser):
            break
        time.sleep(0.05)
    assert marks(browser) == [["Ann Lee", "PERSON"]]
    assert (tmp_path / "labelled.jsonl") == saved(browser, tmp_path)
    assert (tmp_path / "labelled.jsonl").read_text("utf-8") == json.dumps(
        json.loads(line), ensure_ascii=False, separators=(",", ":")
    ) + "\n"


def test_findings_are_shown_only_where_they_were_asked_for_and_with_a_warning(browser: Tab, tmp_path: Path) -> None:
    write_label_page(tmp_path / "filled.html", [PLAIN], [[Span(10, 17, "PERSON", 0.9), Span(14, 17, "ID", 0.4)]])
    browser.open(tmp_path / "filled.html", 1280)
    assert marks(browser) == [["Ann Lee", "PERSON"]]
    assert browser.evaluate("document.getElementById('prefilled').checkVisibility()")


def test_texts_are_shown_as_they_are_and_none_runs(browser: Tab, page: Path) -> None:
    press(browser, "]")
    assert browser.evaluate("document.getElementById('text').textContent") == HOSTILE
    assert browser.evaluate("document.title") != "hit"
    assert browser.evaluate("document.images.length") == 0
    browser.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"document.title=1\">')")
    browser.evaluate(
        """(() => { const added = document.createElement('script');
        added.textContent = 'document.title=1'; document.body.append(added); })()"""
    )
    assert browser.evaluate("document.title") != "1"  # the policy holds for what gets onto the page anyhow
    assert any("Content Security Policy" in line for line in browser.console)


@pytest.mark.parametrize(("width", "phone"), [(1280, False), (390, True)])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_overflows_is_pale_or_asked_for(
    browser: Tab, page: Path, width: int, phone: bool, scheme: str, tmp_path: Path
) -> None:
    browser.open(page, width, phone=phone)
    browser.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    press(browser, "ArrowRight", "1", "ArrowRight", "2", "ArrowRight", "4", "ArrowRight", "8", "ArrowRight")
    for _ in TEXTS:
        assert browser.evaluate("document.documentElement.scrollWidth") <= width
        assert browser.evaluate(STICKING_OUT) == []
        press(browser, "]")
    press(browser, "[", "[", "[")
    assert browser.evaluate("document.querySelectorAll('#text mark').length") == 3  # the first word is no letter
    assert browser.evaluate(TOO_PALE) == []
    dark = browser.evaluate("getComputedStyle(document.body).backgroundColor") != "rgb(255, 255, 255)"
    assert dark == (scheme == "dark")
    assert browser.console == []
    assert {url for url in browser.requests if not url.startswith("data:")} == {page.as_uri()}
    browser.screenshot(tmp_path / "page.png", whole=False)
    assert (tmp_path / "page.png").stat().st_size > 20_000


def test_the_page_is_its_owners_alone_and_names_no_other_address(page: Path) -> None:
    assert page.stat().st_mode & 0o777 == 0o600
    text = page.read_text("utf-8")
    assert re.findall(r"https?://", text) == []
    assert "default-src 'none'" in text
    assert "unsafe-inline" not in text
