"""Write a report and a privacy statement, each as JSON for machines and as a page for people."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from fedaug.pages.files import drawing, write_all
from fedaug.server.report.model import ReportData, report_json
from fedaug.server.statement import FILE, PrivacyStatement, statement_json

REPORT_JSON: Final = "report.json"
REPORT_PAGE: Final = "report.html"
STATEMENT_PAGE: Final = "privacy_statement.html"


def render_html(data: ReportData, *, with_statement: bool = False) -> str:
    """The report as one self-contained page: no external request, and a script of its own only.

    Args:
        data: The report's facts.
        with_statement: Whether a privacy statement lies beside the page, so that the page can point to it.

    Raises:
        MissingExtra: jinja2 or matplotlib is not installed.
    """
    with drawing():
        from fedaug.server.report.page import page  # noqa: PLC0415  the extra may be absent; the facts need it not
    return page(data, STATEMENT_PAGE if with_statement else None)


def render_statement(statement: PrivacyStatement, *, with_report: bool = False) -> str:
    """The privacy statement as one self-contained page that can be printed and signed.

    Args:
        statement: What it says.
        with_report: Whether a report lies beside the page.

    Raises:
        MissingExtra: jinja2 or matplotlib is not installed.
    """
    with drawing():
        from fedaug.server.report.statement_page import statement_page  # noqa: PLC0415  as above
    return statement_page(statement, REPORT_PAGE if with_report else None)


def write_report(data: ReportData, folder: Path, statement: PrivacyStatement | None = None) -> Path:
    """Write both files into ``folder``, each whole or not at all, and return the page's path.

    Args:
        data: The report's facts.
        folder: Made if it is not there.
        statement: Written beside the report, which then points to it.

    Raises:
        MissingExtra: jinja2 or matplotlib is not installed; nothing is written.
    """
    contents = {REPORT_JSON: report_json(data), REPORT_PAGE: render_html(data, with_statement=statement is not None)}
    if statement is not None:
        contents |= _statement_files(statement, with_report=True)
    write_all(contents, folder)
    return folder / REPORT_PAGE


def write_statement(statement: PrivacyStatement, folder: Path) -> Path:
    """Write a privacy statement alone, for a campaign without a report, and return its page's path.

    Raises:
        MissingExtra: jinja2 or matplotlib is not installed; nothing is written.
    """
    write_all(_statement_files(statement, with_report=False), folder)
    return folder / STATEMENT_PAGE


def _statement_files(statement: PrivacyStatement, *, with_report: bool) -> dict[str, str]:
    return {FILE: statement_json(statement), STATEMENT_PAGE: render_statement(statement, with_report=with_report)}
