"""The report's page: facts to view values to HTML."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any, Final

from fedaug.pages import words
from fedaug.pages.facts import natural_order
from fedaug.pages.recall_plot import recall_plot
from fedaug.pages.template import environment, trusted
from fedaug.privacy.wilson import wilson
from fedaug.server.report import plots
from fedaug.server.report.anomalies_view import anomaly_rows
from fedaug.server.report.audit_plot import audit_plot
from fedaug.server.report.model import LabelFigure, ReportData, Utility
from fedaug.server.report.privacy_view import (
    COLOURS,
    headline_privacy,
    kinds_in_order,
    mechanisms,
    nothing_promised,
    site_rows,
    spent_range,
)
from fedaug.server.report.promises import not_promised
from fedaug.server.report.samples_view import funnel, gallery, origins
from fedaug.server.report.vote_plot import votes_plot

_SITES_UNFOLDED: Final = 12  # more sites than this are folded away behind one line


def page(data: ReportData, statement: str | None = None) -> str:
    """The whole page, a pure function of the report's facts.

    Args:
        data: The facts.
        statement: File name of the privacy statement's page beside it, if there is one.
    """
    return environment("fedaug.server.report").get_template("report.html.j2").render(_view(data), statement=statement)


def _view(data: ReportData) -> dict[str, Any]:
    utility, privacy = data.utility, data.privacy
    simulated = utility.nonprivate is not None or utility.local_only is not None
    return {
        "report": data,
        "headline": _headline(data),
        "caution": _caution(data),
        "interval": wilson(utility.student, utility.test_size) if utility.test_size else None,
        "nothing_promised": nothing_promised(privacy),
        "noise_off": nothing_promised(privacy) and not privacy.outside_dp,
        "simulated": simulated,
        "not_promised": data.not_promised or not_promised(privacy.unit, simulated=simulated),
        "references": _references(data),
        "per_label": sorted(utility.per_label, key=_gain, reverse=True),
        "worst_epsilon": max((site.epsilon for site in privacy.sites.values()), default=privacy.consortium_epsilon),
        "spent_range": spent_range(privacy),
        "sites": site_rows(privacy),
        "kinds": [(kind, f"k{number % COLOURS}") for number, kind in enumerate(kinds_in_order(privacy))],
        "sites_unfolded": len(privacy.sites) <= _SITES_UNFOLDED,
        "mechanisms": mechanisms(privacy),
        "flagged": Counter(flag.site for flag in data.anomalies.flags) if data.anomalies else Counter(),
        "anomalies": anomaly_rows(data.anomalies) if data.anomalies else [],
        "detection": words.detection_bound,
        "funnel": funnel(data),
        "gallery": gallery(data),
        "gallery_total": len(data.samples.gallery),
        "origins": origins(data.cards.data) if data.cards else [],
        "d_rows": sorted(data.deidentification.types.items()) if data.deidentification else [],
        "phases": _phases(data),
        "config": json.dumps(data.config, indent=2, ensure_ascii=False),
        "plots": {name: trusted(svg) for name, svg in _plots(data).items()},
    }


def _plots(data: ReportData) -> dict[str, str | None]:
    return {
        "utility": plots.utility_plot(data.utility),
        "budgets": plots.budgets_plot(data.utility),
        "sites": plots.sites_plot(data.utility),
        "trajectory": plots.trajectory_plot(data.utility),
        "votes": votes_plot(data.rounds),
        "labels": plots.labels_plot(data.utility.per_label),
        "audit": audit_plot(data.audit) if data.audit else None,
        "recall": recall_plot(data.deidentification) if data.deidentification else None,
    }


def _headline(data: ReportData) -> str:
    """One sentence: what was gained, what was spent, who had to be trusted."""
    utility, sites = data.utility, words.plural(len(data.privacy.sites), "site")
    reached, metric = words.percent(utility.student), words.visible(utility.metric)
    if utility.epsilon0 is None:
        texts = words.plural(data.samples.accepted, "synthetic text")
        gained = f"A student trained on {texts} from {sites} reaches {reached} {metric}"
    else:
        before = words.percent(utility.epsilon0)
        gained = f"Private records at {sites} {_verb(utility)} a student’s {metric} from {before} to {reached}"
    return f"{gained}; {headline_privacy(data.privacy)}."


def _verb(utility: Utility) -> str:
    """No gain is claimed that the number of held-out texts does not bear."""
    before = utility.epsilon0 or 0.0
    if utility.test_size:
        _, highest_before = wilson(min(before, utility.student), utility.test_size)
        lowest_after, _ = wilson(max(before, utility.student), utility.test_size)
        if highest_before >= lowest_after:
            return "did not clearly change"
    return "raised" if utility.student >= before else "did not raise but lowered"


def _caution(data: ReportData) -> str:
    """What a reader of the headline alone must not miss; empty if there is nothing."""
    local, student = data.utility.local_only, data.utility.student
    if local is None or student >= local:
        return ""
    reached = words.percent(local)
    median = f"a student trained on the median site’s own records reaches {reached}"
    return f"At least half of the sites do better alone: {median}."


def _references(data: ReportData) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {"central": [], "site": [], "epsilon0": []}
    for reference in data.utility.references:
        found[reference.kind].append(reference)
    found["site"].sort(key=lambda reference: natural_order(reference.name))
    found["epsilon0"].sort(key=lambda reference: -reference.accuracy)
    return found


def _gain(label: LabelFigure) -> tuple[float, float]:
    return (label.student - (label.epsilon0 or 0.0), label.student)


def _phases(data: ReportData) -> list[dict[str, Any]]:
    whole = max(data.timing.total_s, sum(data.timing.phases.values())) or 1.0
    start, view = 0.0, []
    for name, seconds in data.timing.phases.items():
        view.append({"name": name, "seconds": seconds, "start": 100 * start / whole, "width": 100 * seconds / whole})
        start += seconds
    return view
