"""What a campaign gained and what privacy it spent: one JSON file and one page."""

from fedaug.pages.recall import Deidentification
from fedaug.server.report.cards import Cards, DataCard, Licence, Spread, StudentCard, WeakLabel
from fedaug.server.report.findings import Anomalies, AnomalyFlag, Audit, GateFigures, Vetting
from fedaug.server.report.gather import redraw, with_audit, with_runs
from fedaug.server.report.model import (
    BudgetRun,
    GallerySample,
    KindCharge,
    LabelFigure,
    Privacy,
    Reference,
    Release,
    ReportData,
    Round,
    Samples,
    SiteMetric,
    SitePrivacy,
    Student,
    Timing,
    TrajectoryPoint,
    Utility,
    VoteQuantiles,
    read_report,
    report_json,
)
from fedaug.server.report.promises import not_promised
from fedaug.server.report.render import write_report, write_statement

__all__ = [
    "Anomalies",
    "AnomalyFlag",
    "Audit",
    "BudgetRun",
    "Cards",
    "DataCard",
    "Deidentification",
    "GallerySample",
    "GateFigures",
    "KindCharge",
    "LabelFigure",
    "Licence",
    "Privacy",
    "Reference",
    "Release",
    "ReportData",
    "Round",
    "Samples",
    "SiteMetric",
    "SitePrivacy",
    "Spread",
    "Student",
    "StudentCard",
    "Timing",
    "TrajectoryPoint",
    "Utility",
    "Vetting",
    "VoteQuantiles",
    "WeakLabel",
    "not_promised",
    "read_report",
    "redraw",
    "report_json",
    "with_audit",
    "with_runs",
    "write_report",
    "write_statement",
]
