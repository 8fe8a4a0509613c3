"""The plot of claimed ε beside what the audit's attack showed of it, site by site."""

from __future__ import annotations

import math
from typing import Final

from fedaug.pages import words
from fedaug.pages.chart import BLUE, ORANGE, VERMILION, Marks, canvas, legend_above, rows_of, short
from fedaug.pages.svg import MUTED, inline_svg, style
from fedaug.privacy.audit.figures import SiteAudit
from fedaug.server.report.findings import Audit

_MOST_SITES: Final = 30


def audit_plot(audit: Audit) -> str | None:
    """One row per site; those with the least room between bound and claim come first. None without sites."""
    ordered = sorted(audit.sites.items(), key=lambda pair: _room(pair[1]))
    rows = ordered[:_MOST_SITES]
    if not rows:
        return None
    with style("audit"):
        figure, axes = canvas(1.15 + 0.36 * len(rows))
        marks = Marks(axes)
        for y, (name, site) in enumerate(reversed(rows)):
            axes.plot([0, site.ceiling], [y, y], color=MUTED, linewidth=6, alpha=0.2, solid_capstyle="butt")
            told = f"{words.visible(name)[:80]}: "
            if site.claimed_epsilon is not None and math.isfinite(site.claimed_epsilon):
                claim = f"{told}claimed ε = {words.epsilon(site.claimed_epsilon)}"
                marks.draw(site.claimed_epsilon, y, "|", claim, color=ORANGE, markersize=15, markeredgewidth=3.2)
            shown = f"{told}audit shows ε ≥ {site.lower_bound:.2f}; {site.correct} of {site.guesses} guesses right"
            marks.draw(
                site.lower_bound, y, "v" if site.above else "o", shown, color=VERMILION if site.above else BLUE,
                markersize=7.5, markeredgecolor="white", clip_on=False, zorder=3,
            )  # fmt: skip
        rows_of(axes, [short(words.visible(name)) for name, _ in rows])
        axes.plot([], [], "|", color=ORANGE, markersize=11, markeredgewidth=3.2, label="claimed ε")
        axes.plot([], [], "o", color=BLUE, markersize=7.5, label="shown at least")
        if any(site.above for _, site in rows):
            axes.plot([], [], "v", color=VERMILION, markersize=7.5, label="above the claim")
        axes.plot([], [], color=MUTED, linewidth=6, alpha=0.2, label="could have shown")
        axes.set_xlim(left=0)
        axes.tick_params(axis="y", pad=9)  # a bound of 0 is drawn over the end of the axis
        axes.set_xlabel("ε")
        legend_above(axes)
        above = sum(site.above for site in audit.sites.values())
        description = (
            f"{words.plural(len(audit.sites), 'site')}; the largest lower bound is "
            f"{max(site.lower_bound for site in audit.sites.values()):.2f}; {above} above the claim."
        )
        return inline_svg(figure, "audit", "Claimed and audited ε", description, marks.texts)


def _room(site: SiteAudit) -> float:
    claimed = math.inf if site.claimed_epsilon is None else site.claimed_epsilon
    return claimed - site.lower_bound
