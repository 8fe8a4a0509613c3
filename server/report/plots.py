"""The report's plots, each an inline SVG with the sentence that says what it shows.

Colours are from Okabe and Ito's palette, which people with any colour vision can tell apart; every series also differs
in marker or line, so that a print in grey reads the same.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from fedaug.server.report import words
from fedaug.server.report.model import LabelFigure, Round, TrajectoryPoint, Utility
from fedaug.server.report.svg import INK, MUTED, inline_svg, style

BLUE: Final = "#0072B2"
ORANGE: Final = "#E69F00"
GREEN: Final = "#009E73"
VERMILION: Final = "#D55E00"

_PERCENT: Final = FuncFormatter(lambda value, _: f"{100 * value:.0f}")


@dataclass(frozen=True)
class _Row:
    """One line of the comparison: a single figure, or one figure per site in rising order."""

    name: str
    values: list[float]
    colour: str
    marker: str


def utility_plot(utility: Utility) -> str | None:
    """One row per kind of student on a common scale; None when there is nothing to compare with."""
    rows = _utility_rows(utility)
    if len(rows) < 2:
        return None
    with style("utility"):
        figure, axes = _canvas(0.62 + 0.52 * len(rows))
        for y, row in enumerate(reversed(rows)):
            _draw_row(axes, y, row, utility.test_size)
        axes.set_yticks(range(len(rows)), [row.name for row in reversed(rows)])
        axes.set_ylim(-0.6, len(rows) - 0.4)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.xaxis.set_major_formatter(_PERCENT)
        axes.xaxis.set_major_locator(MaxNLocator(6))
        axes.grid(axis="x")
        axes.margins(x=0.12)
        axes.set_xlabel(f"{_metric(utility)} on held-out texts, %")
        description = "; ".join(f"{row.name}: {_spoken(row.values)}" for row in rows) + "."
        return inline_svg(figure, "utility", f"{_metric(utility)} compared", description)


def _utility_rows(utility: Utility) -> list[_Row]:
    rows = [_Row("this campaign's student", [utility.student], BLUE, "o")]
    alone = sorted(reference.accuracy for reference in utility.references if reference.kind == "site")
    if not alone and utility.local_only is not None:
        alone = [utility.local_only]
    if utility.nonprivate is not None:
        rows.insert(0, _Row("all records, no privacy", [utility.nonprivate], INK, "s"))
    if alone:
        rows.append(_Row("each site alone", alone, ORANGE, "D"))
    if utility.epsilon0 is not None:
        rows.append(_Row("no private record (ε = 0)", [utility.epsilon0], MUTED, "^"))
    return rows


def _draw_row(axes: Axes, y: int, row: _Row, test_size: int | None) -> None:
    middle = _median(row.values)
    if len(row.values) > 1:
        ends = [row.values[0], row.values[-1]]
        axes.plot(ends, [y, y], color=row.colour, linewidth=2, alpha=0.55, solid_capstyle="round")
        axes.plot(row.values, [y] * len(row.values), "|", color=row.colour, markersize=9)
    elif test_size:
        axes.plot(words.wilson(middle, test_size), [y, y], color=row.colour, linewidth=2, solid_capstyle="round")
    axes.plot([middle], [y], row.marker, color=row.colour, markersize=8, markeredgecolor="white", markeredgewidth=0.8)
    axes.annotate(f"{100 * middle:.1f}", (middle, y), (0, 9), textcoords="offset points", ha="center", fontsize=10)


def trajectory_plot(points: Sequence[TrajectoryPoint], utility: Utility) -> str | None:
    """The student's score against cumulative ε, or against the phases when the noise is off; None below two points."""
    if len(points) < 2:
        return None
    noise_off = any(math.isinf(point.epsilon) for point in points)
    x = [float(i) if noise_off else point.epsilon for i, point in enumerate(points)]
    y = [point.accuracy for point in points]
    with style("trajectory"):
        figure, axes = _canvas(3.1)
        axes.plot(x, y, "-o", color=BLUE, linewidth=2, markersize=5.5, markeredgecolor="white", label="student")
        _reference_lines(axes, utility)
        if noise_off:
            axes.set_xticks(x, [str(i + 1) for i in range(len(x))])
        axes.set_xlabel("phase, in order (noise off: ε has no value)" if noise_off else "cumulative ε, costliest site")
        axes.set_ylabel(f"{_metric(utility)}, %")
        axes.yaxis.set_major_formatter(_PERCENT)
        axes.yaxis.set_major_locator(MaxNLocator(6))
        axes.grid(axis="y")
        axes.margins(y=0.1)
        _legend_above(axes)
        first, last = points[0], points[-1]
        spent = f"as cumulative ε goes from {first.epsilon:.2f} to {last.epsilon:.2f}"
        spent = "with the noise off" if noise_off else spent
        description = f"The student goes from {_spoken([first.accuracy])} to {_spoken([last.accuracy])} {spent}."
        return inline_svg(figure, "trajectory", f"{_metric(utility)} against cumulative ε", description)


def _reference_lines(axes: Axes, utility: Utility) -> None:
    lines = (
        (utility.nonprivate, INK, "-", "all records, no privacy"),
        (utility.local_only, ORANGE, "--", "median site alone"),
        (utility.epsilon0, MUTED, ":", "no private record (ε = 0)"),
    )
    for height, colour, dashes, name in lines:
        if height is not None:
            axes.axhline(height, color=colour, linewidth=1.5, linestyle=dashes, label=name)


def votes_plot(rounds: Sequence[Round]) -> str | None:
    """Quantiles of the noisy votes per candidate in each round, beside the noise; None if no round has votes."""
    voted = [(number.round, number.votes) for number in rounds if number.votes is not None]
    if not voted:
        return None
    with style("votes"):
        figure, axes = _canvas(3.1)
        for x, votes in voted:
            axes.plot([x, x], [votes.p10, votes.p90], color=BLUE, linewidth=2, alpha=0.6, solid_capstyle="butt")
            axes.plot([x, x], [votes.p25, votes.p75], color=BLUE, linewidth=9, alpha=0.45, solid_capstyle="butt")
        axes.plot([x for x, _ in voted], [v.p50 for _, v in voted], "o", color=BLUE, label="median", markersize=5.5)
        axes.plot([x for x, _ in voted], [v.maximum for _, v in voted], "^", color=VERMILION, label="most voted")
        noise = [
            (number.round, _noise_reach(number)) for number in rounds if number.noise_std and number.candidates > 1
        ]
        if noise:
            where, reach = zip(*noise, strict=True)
            axes.plot(where, reach, "--", marker="_", color=INK, linewidth=1.2, label="noise alone reaches")
        axes.plot([], [], color=BLUE, linewidth=7, alpha=0.45, label="middle half; line: middle 80 %")
        axes.axhline(0, color=MUTED, linewidth=0.8)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=10))
        axes.set_xlim(voted[0][0] - 0.6, voted[-1][0] + 0.6)
        axes.grid(axis="y")
        axes.set_xlabel("round")
        axes.set_ylabel("noisy votes per candidate" if noise else "votes per candidate")
        _legend_above(axes)
        last = voted[-1][1]
        description = (
            f"{words.plural(len(voted), 'round')}; in the last one the median candidate has {last.p50:.3g} votes "
            f"and the most voted has {last.maximum:.3g}"
            + (f"; noise alone would reach about {noise[-1][1]:.3g}." if noise else ".")
        )
        return inline_svg(figure, "votes", "Votes per round", description)


def _noise_reach(voted: Round) -> float:
    """The largest of n Gaussian values is expected below σ √(2 ln n) (Boucheron et al. 2013, Theorem 2.5)."""
    return (voted.noise_std or 0.0) * math.sqrt(2 * math.log(voted.candidates))


def labels_plot(labels: Sequence[LabelFigure]) -> str | None:
    """Each label's score with and without the private signal; None without the ε = 0 figures."""
    pairs = [(label.epsilon0, label.student) for label in labels if label.epsilon0 is not None]
    if len(pairs) < 2:
        return None
    with style("labels"):
        figure, axes = _canvas(3.6)
        axes.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle="--")
        for wanted, colour, marker, name in (
            (1, BLUE, "o", "better"),
            (0, MUTED, "s", "equal"),
            (-1, VERMILION, "v", "worse"),
        ):
            chosen = [(x, y) for x, y in pairs if (y > x) - (y < x) == wanted]
            axes.plot(
                [x for x, _ in chosen], [y for _, y in chosen], marker, color=colour, alpha=0.65, markersize=6,
                markeredgewidth=0, clip_on=False, label=f"{len(chosen)} {name}",
            )  # fmt: skip
        axes.set_xlim(-0.02, 1.02)
        axes.set_ylim(-0.02, 1.02)
        axes.xaxis.set_major_formatter(_PERCENT)
        axes.yaxis.set_major_formatter(_PERCENT)
        axes.grid()
        axes.set_xlabel("without private records (ε = 0), %")
        axes.set_ylabel("this campaign's student, %")
        _legend_above(axes, columns=3)
        better = sum(y > x for x, y in pairs)
        worse = sum(y < x for x, y in pairs)
        description = f"Of {len(pairs)} labels, {better} score better than at ε = 0, {worse} worse."
        return inline_svg(figure, "labels", "Accuracy per label, with and without the private signal", description)


def _metric(utility: Utility) -> str:
    """The metric's name, fit for a label: short, and without control characters, which XML has no form for."""
    return words.visible(utility.metric)[:40]


def _canvas(height: float) -> tuple[Figure, Axes]:
    """Drawn small (4.9 inches wide), so that its text is readable on a phone."""
    figure = Figure(figsize=(4.9, height), layout="constrained")
    return figure, figure.subplots()


def _legend_above(axes: Axes, columns: int = 2) -> None:
    axes.legend(
        loc="lower left",
        bbox_to_anchor=(-0.02, 1.0),
        ncols=columns,
        borderaxespad=0.2,
        columnspacing=1.2,
        handletextpad=0.5,
    )


def _median(values: Sequence[float]) -> float:
    ordered, half = sorted(values), len(values) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def _spoken(values: Sequence[float]) -> str:
    if len(values) == 1:
        return f"{100 * values[0]:.1f} per cent"
    low, high = min(values), max(values)
    return f"{100 * low:.1f} to {100 * high:.1f} per cent, median {100 * _median(values):.1f}"
