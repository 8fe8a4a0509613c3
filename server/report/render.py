"""Write a report's two files: ``report.json`` for machines, ``report.html`` for people."""

from __future__ import annotations

import os
from pathlib import Path

from fedaug.errors import MissingExtra
from fedaug.server.report.model import ReportData, report_json


def render_html(data: ReportData) -> str:
    """The report as one self-contained page: no script, no external request.

    Raises:
        MissingExtra: jinja2 or matplotlib is not installed.
    """
    try:
        from fedaug.server.report.page import page  # noqa: PLC0415  the extra may be absent; the facts need it not
    except ModuleNotFoundError as missing:
        if (missing.name or "").split(".")[0] not in {"jinja2", "markupsafe", "matplotlib"}:
            raise
        raise MissingExtra(
            "the report's page needs jinja2 and matplotlib, which are not installed", "install fedaug[server]"
        ) from None
    return page(data)


def write_report(data: ReportData, folder: Path) -> Path:
    """Write both files into ``folder``, each whole or not at all, and return the page's path.

    Raises:
        MissingExtra: jinja2 or matplotlib is not installed; nothing is written.
    """
    contents = {"report.json": report_json(data), "report.html": render_html(data)}
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in contents.items():
        _write_atomically(folder / name, text.encode("utf-8"))
    return folder / "report.html"


def _write_atomically(path: Path, content: bytes) -> None:
    """A reader sees the old file or the new one, never a part, even over a power cut."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
