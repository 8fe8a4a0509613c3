"""Every command and every piece of Python in README.md and docs/ runs as it is written.

The blocks of one page run from top to bottom in one shell, in a folder of their own with a copy of ``examples/``. A
block whose first line is ``# file: NAME`` is saved under that name first. A block is left out only under a comment that
says why: ``<!-- not run: reason -->``, or ``<!-- run by make: target -->`` where a Makefile target runs it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(
    r"(?:<!-- (?P<why>not run|run by make): (?P<reason>[^\n]+?) -->\n+)?^```(?P<kind>\w+)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
FILE = re.compile(r"# file: ([\w./-]+)\n")
RUN = {"console", "bash", "python"}
MAX_LEFT_OUT = 7
PAGE_SECONDS = 600


@dataclass(frozen=True)
class Block:
    kind: str
    text: str
    why: str | None
    reason: str | None

    @property
    def runs(self) -> bool:
        return self.why is None and (self.kind in RUN or FILE.match(self.text) is not None)


def blocks(text: str) -> list[Block]:
    return [Block(m["kind"], m["text"], m["why"], m["reason"]) for m in BLOCK.finditer(text)]


def commands(console: str) -> str:
    """The commands of a console block: lines after ``$ ``, and ``> `` where they go on; the rest is output."""
    return "".join(line[2:] for line in console.splitlines(keepends=True) if line.startswith(("$ ", "> ")))


def script_of(page: list[Block]) -> str:
    lines = ["set -euo pipefail"]
    for block in (block for block in page if block.runs):
        if match := FILE.match(block.text):
            content = block.text if block.kind == "python" else block.text[match.end() :]
            lines += [f"cat >{match[1]} <<'END-OF-BLOCK'", content + "END-OF-BLOCK"]
        elif block.kind == "python":
            lines += ["python - <<'END-OF-BLOCK'", block.text + "END-OF-BLOCK"]
        else:
            lines.append(commands(block.text) if block.kind == "console" else block.text)
    return "\n".join(lines) + "\n"


def page_id(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


RUNNABLE = [page for page in PAGES if any(block.runs for block in blocks(page.read_text(encoding="utf-8")))]


def test_the_pages_with_commands_are_found() -> None:
    assert {"README.md", "docs/tutorial.md"} <= {page_id(page) for page in RUNNABLE}


@pytest.mark.parametrize("page", RUNNABLE, ids=page_id)
def test_commands_run_as_written(page: Path, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples", ignore=shutil.ignore_patterns("__pycache__"))
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("FEDAUG_", "COV_"))}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    # Nobody is there to ask for a site's passphrase.
    passphrase = tmp_path / "passphrase"
    passphrase.write_text("for the test of the documentation only\n")
    environment["FEDAUG_PASSPHRASE_FILE"] = str(passphrase)
    script = script_of(blocks(page.read_text(encoding="utf-8")))
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PAGE_SECONDS,
        check=False,
    )
    assert done.returncode == 0, f"{page_id(page)}:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"


def test_blocks_left_out_are_few_and_say_why() -> None:
    left_out = [block for page in PAGES for block in blocks(page.read_text(encoding="utf-8")) if block.why]
    assert len(left_out) <= MAX_LEFT_OUT
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for block in left_out:
        assert block.reason
        assert block.why == "not run" or set(block.reason.split(", ")) <= targets


def test_every_link_between_pages_leads_somewhere() -> None:
    links = 0
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8")):
            if "://" not in target:
                links += 1
                assert (page.parent / target).exists(), f"{page_id(page)}: {target}"
    assert links > 20


def test_a_failing_command_fails_its_page(tmp_path: Path) -> None:
    page = blocks("```console\n$ true\noutput\n$ false\n$ true\n```\n")
    assert subprocess.run(["bash", "-c", script_of(page)], cwd=tmp_path, check=False).returncode != 0
