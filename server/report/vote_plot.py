"""The plot of the votes that candidates received, round by round, beside what noise alone would reach."""

from __future__ import annotations

import math
from collections.abc import Sequence

from matplotlib.ticker import MaxNLocator

from fedaug.pages import words
from fedaug.pages.chart import BLUE, VERMILION, Marks, canvas, legend_above
from fedaug.pages.svg import INK, MUTED, inline_svg, style
from fedaug.server.report.model import Round


def votes_plot(rounds: Sequence[Round]) -> str | None:
    """Quantiles of the noisy votes per candidate in each round, beside the noise; None if no round has votes."""
    voted = [(number, number.round, number.votes) for number in rounds if number.votes is not None]
    if not voted:
        return None
    with style("votes"):
        figure, axes = canvas(3.1)
        marks = Marks(axes)
        for turn, x, votes in voted:
            axes.plot([x, x], [votes.p10, votes.p90], color=BLUE, linewidth=2, alpha=0.6, solid_capstyle="butt")
            axes.plot([x, x], [votes.p25, votes.p75], color=BLUE, linewidth=9, alpha=0.45, solid_capstyle="butt")
            told = f"round {x}, {words.plural(turn.candidates, 'candidate')}: "
            marks.draw(x, votes.p50, "o", f"{told}median {votes.p50:.3g} votes", color=BLUE, markersize=5.5)
            marks.draw(x, votes.maximum, "^", f"{told}the most voted has {votes.maximum:.3g}", color=VERMILION)
        axes.plot([], [], "o", color=BLUE, label="median", markersize=5.5)
        axes.plot([], [], "^", color=VERMILION, label="most voted")
        noise = [
            (number.round, _noise_reach(number)) for number in rounds if number.noise_std and number.candidates > 1
        ]
        if noise:
            where, reach = zip(*noise, strict=True)
            axes.plot(where, reach, "--", marker="_", color=INK, linewidth=1.2, label="noise alone reaches")
        axes.plot([], [], color=BLUE, linewidth=7, alpha=0.45, label="middle half; line: middle 80 %")
        axes.axhline(0, color=MUTED, linewidth=0.8)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=10, min_n_ticks=1))
        axes.set_xlim(voted[0][1] - 0.6, voted[-1][1] + 0.6)
        axes.grid(axis="y")
        axes.set_xlabel("round")
        axes.set_ylabel("noisy votes per candidate" if noise else "votes per candidate")
        legend_above(axes)
        last = voted[-1][2]
        description = (
            f"{words.plural(len(voted), 'round')}; in the last one the median candidate has {last.p50:.3g} votes "
            f"and the most voted has {last.maximum:.3g}"
            + (f"; noise alone would reach about {noise[-1][1]:.3g}." if noise else ".")
        )
        return inline_svg(figure, "votes", "Votes per round", description, marks.texts)


def _noise_reach(voted: Round) -> float:
    """The largest of n Gaussian values is expected below σ √(2 ln n) (Boucheron et al. 2013, Theorem 2.5)."""
    return (voted.noise_std or 0.0) * math.sqrt(2 * math.log(voted.candidates))
