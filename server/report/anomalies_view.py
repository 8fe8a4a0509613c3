"""The anomalies' view: each flag in words, with what its figure and threshold are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from fedaug.server.anomalies import Check
from fedaug.server.report.findings import Anomalies

_IN_WORDS: Final[Mapping[Check, tuple[str, str, str]]] = {
    Check.ONE_CANDIDATE: (
        "More of its votes fell on one candidate than noise explains",
        "votes on the candidate",
        "most with noise",
    ),
    Check.VOTES_AGAINST_COUNTS: (
        "Its votes do not fit the number of records that its counts claim",
        "votes beyond what the counts allow, or missing",
        "most by noise",
    ),
    Check.SUMS_AGAINST_COUNTS: (
        "Its class sums are longer than so many records can make them",
        "length of the sums",
        "longest for its counts, with noise",
    ),
    Check.AGAINST_THE_OTHERS: (
        "Its class sums point elsewhere than all other sites’",
        "greatest cosine that noise leaves possible",
        "least expected",
    ),
    Check.ONE_LABEL: ("Too many of its texts are of one label", "texts of the label", "most by chance"),
    Check.COPIES: (
        "Too many of its texts are near-copies of another site’s",
        "texts that are copies",
        "most by chance",
    ),
}


def anomaly_rows(found: Anomalies) -> list[dict[str, Any]]:
    """One row for each flag, in the order in which they were raised."""
    rows = []
    for flag in found.flags:
        words, figure, threshold = _IN_WORDS[flag.check]
        rows.append({"flag": flag, "words": words, "figure": figure, "threshold": threshold})
    return rows
