"""The site's own report as a page: facts to view values to HTML."""

from __future__ import annotations

import math
from typing import Any, Final

from fedaug.client.report.facts import SiteCampaign, SiteReport
from fedaug.pages import words
from fedaug.pages.reasons import reason_in_words
from fedaug.pages.recall_plot import recall_plot
from fedaug.pages.template import environment, trusted

_LABELS_UNFOLDED: Final = 12


def page(data: SiteReport) -> str:
    """The whole page, a pure function of the report's facts."""
    return environment("fedaug.client.report").get_template("site_report.html.j2").render(_view(data))


def _view(data: SiteReport) -> dict[str, Any]:
    score, held = data.deidentification, data.holdings
    return {
        "report": data,
        "headline": _headline(data),
        "used": 0.0 if math.isinf(data.budget) else min(100.0, 100 * data.spent / data.budget),
        "campaigns": [{"campaign": one, "rows": _rows(one)} for one in data.campaigns],
        "labels": _bars(held.labels) if held else [],
        "labels_unfolded": held is not None and len(held.labels) <= _LABELS_UNFOLDED,
        "reason": reason_in_words,
        "found": sum(one.candidates for one in data.findings),
        "d_plot": trusted(recall_plot(score) if score else None),
        "d_rows": sorted(score.types.items()) if score else [],
        "worst": min(score.types.items(), key=lambda pair: pair[1].interval[0], default=None) if score else None,
    }


def _headline(data: SiteReport) -> str:
    site = words.named(data.site)
    if math.isinf(data.spent):
        return f"{site} let out values without noise, so no privacy is promised to its {data.unit}s."
    spent = f"{site} has spent ε\u00a0=\u00a0{words.epsilon(data.spent)}"
    budget = "without a budget" if math.isinf(data.budget) else f"of {words.budget(data.budget)}"
    where = words.plural(len(data.campaigns), "campaign")
    return f"{spent} {budget} per {data.unit} in {where}, at δ\u00a0=\u00a0{words.scientific(data.delta)}."


def _rows(campaign: SiteCampaign) -> list[dict[str, Any]]:
    """Releases that differ in their key only share a row."""
    groups: dict[tuple[str, str, float, float], list[str]] = {}
    for one in campaign.releases:
        groups.setdefault((one.kind, one.state, one.sensitivity, one.noise_std), []).append(one.key)
    return [
        {
            "kind": kind,
            "state": state,
            "sensitivity": sensitivity,
            "noise_std": noise_std,
            "count": len(keys),
            "names": words.joined(keys, 3),
        }
        for (kind, state, sensitivity, noise_std), keys in groups.items()
    ]


def _bars(counts: dict[str, int]) -> list[dict[str, Any]]:
    most = max(counts.values(), default=0) or 1
    return [{"name": name, "count": count, "width": 100 * count / most} for name, count in counts.items()]
