"""The report's plots of what was gained, each an inline SVG with the sentence that says what it shows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from fedaug.pages import words
from fedaug.pages.chart import BLUE, ORANGE, PERCENT, VERMILION, Marks, canvas, legend_above, rows_of
from fedaug.pages.svg import INK, MUTED, inline_svg, style
from fedaug.privacy.wilson import wilson
from fedaug.server.report.model import LabelFigure, Utility


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
        figure, axes = canvas(0.62 + 0.52 * len(rows))
        marks = Marks(axes)
        for y, row in enumerate(reversed(rows)):
            _draw_row(axes, marks, y, row, utility.test_size)
        rows_of(axes, [row.name for row in rows])
        axes.xaxis.set_major_formatter(PERCENT)
        axes.xaxis.set_major_locator(MaxNLocator(6))
        axes.margins(x=0.12)
        axes.set_xlabel(f"{metric_name(utility)} on held-out texts, %")
        description = "; ".join(f"{row.name}: {_spoken(row.values)}" for row in rows) + "."
        return inline_svg(figure, "utility", f"{metric_name(utility)} compared", description, marks.texts)


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


def _draw_row(axes: Axes, marks: Marks, y: int, row: _Row, test_size: int | None) -> None:
    middle, told = median(row.values), ""
    if len(row.values) > 1:
        ends = [row.values[0], row.values[-1]]
        axes.plot(ends, [y, y], color=row.colour, linewidth=2, alpha=0.55, solid_capstyle="round")
        axes.plot(row.values, [y] * len(row.values), "|", color=row.colour, markersize=9)
        told = f" (median; {100 * ends[0]:.1f} to {100 * ends[1]:.1f} %)"
    elif test_size:
        low, high = wilson(middle, test_size)
        axes.plot([low, high], [y, y], color=row.colour, linewidth=2, solid_capstyle="round")
        told = f" (95 % interval {100 * low:.1f} to {100 * high:.1f})"
    marks.draw(
        middle, y, row.marker, f"{row.name}: {100 * middle:.1f} %{told}",
        color=row.colour, markersize=8, markeredgecolor="white", markeredgewidth=0.8,
    )  # fmt: skip
    axes.annotate(f"{100 * middle:.1f}", (middle, y), (0, 9), textcoords="offset points", ha="center", fontsize=10)


def sites_plot(utility: Utility) -> str | None:
    """Each site alone beside the student that all have now; None below two sites."""
    sites = sorted(
        (reference for reference in utility.references if reference.kind == "site"), key=lambda site: site.accuracy
    )
    if len(sites) < 2:
        return None
    with style("sites"):
        figure, axes = canvas(3.1)
        marks = Marks(axes)
        for x, site in enumerate(sites):
            axes.plot([x, x], [site.accuracy, utility.student], color=MUTED, linewidth=1, alpha=0.6)
            gained = words.points(utility.student - site.accuracy)
            told = f"{site.name}: {100 * site.accuracy:.1f} % alone; the campaign’s student {gained} points"
            better = utility.student > site.accuracy
            marks.draw(
                x, site.accuracy, "D" if better else "v", told, color=ORANGE if better else VERMILION, markersize=6,
                markeredgecolor="white", markeredgewidth=0.6,
            )  # fmt: skip
        gained_by = sum(utility.student > site.accuracy for site in sites)
        axes.plot([], [], "D", color=ORANGE, markersize=6, label="site alone")
        if gained_by < len(sites):
            axes.plot([], [], "v", color=VERMILION, markersize=6, label="does better alone")
        axes.axhline(utility.student, color=BLUE, linewidth=2, label="this campaign's student")
        axes.set_xticks([])
        axes.set_xlabel(f"{words.plural(len(sites), 'site')}, weakest first")
        axes.margins(y=0.1)
        _percent_axis(axes, utility)
        legend_above(axes)
        description = (
            f"The student reaches {_spoken([utility.student])}; {gained_by} of {words.plural(len(sites), 'site')} "
            "score lower alone."
        )
        return inline_svg(figure, "sites", "Each site alone, and the campaign's student", description, marks.texts)


def budgets_plot(utility: Utility) -> str | None:
    """The student against the budget of the run that trained it; None below two runs."""
    runs = sorted(utility.budgets, key=lambda run: run.epsilon)
    if len(runs) < 2:
        return None
    shown = [_rounded(run.epsilon) for run in runs]  # two runs with one budget differ in the fourth digit
    places = {epsilon: float(at) for at, epsilon in enumerate(dict.fromkeys(shown))}
    by_epsilon = {epsilon: [run.student for run in runs if _rounded(run.epsilon) == epsilon] for epsilon in places}
    with style("budgets"):
        figure, axes = canvas(3.1)
        marks = Marks(axes)
        line = [(places[e], sum(found) / len(found)) for e, found in by_epsilon.items() if math.isfinite(e)]
        axes.plot(*zip(*line, strict=True) if line else ([], []), "-", color=BLUE, linewidth=2)
        axes.plot([], [], "-o", color=BLUE, linewidth=2, markersize=5.5, label="student")
        for run in runs:
            closed = "" if run.gap_closed is None else f"; {100 * run.gap_closed:.0f} % of the gap closed"
            spent = "noise off" if math.isinf(run.epsilon) else f"ε = {words.epsilon(run.epsilon)}"
            marks.draw(
                places[_rounded(run.epsilon)], run.student, "o", f"{spent}: {100 * run.student:.1f} %{closed}",
                color=BLUE, markersize=6.5, markeredgecolor="white",
            )  # fmt: skip
        _reference_lines(axes, utility)
        axes.set_xticks(list(places.values()), ["noise off" if math.isinf(e) else f"{e:g}" for e in places])
        axes.set_xlabel("ε of the run (steps are not to scale)")
        axes.margins(x=0.1, y=0.1)
        _percent_axis(axes, utility)
        legend_above(axes)
        description = f"{len(runs)} runs; the student goes from {_spoken([runs[0].student])} to " + _spoken(
            [runs[-1].student]
        )
        return inline_svg(figure, "budgets", f"{metric_name(utility)} against ε", f"{description}.", marks.texts)


def _rounded(epsilon: float) -> float:
    return epsilon if math.isinf(epsilon) else math.ceil(100 * epsilon - 1e-6) / 100


def trajectory_plot(utility: Utility) -> str | None:
    """The student's score against cumulative ε, or against the phases when the noise is off; None below two points."""
    points = utility.trajectory
    if len(points) < 2:
        return None
    noise_off = any(math.isinf(point.epsilon) for point in points)
    x = [float(i) if noise_off else point.epsilon for i, point in enumerate(points)]
    with style("trajectory"):
        figure, axes = canvas(3.1)
        marks = Marks(axes)
        axes.plot(x, [point.accuracy for point in points], "-", color=BLUE, linewidth=2)
        axes.plot([], [], "-o", color=BLUE, linewidth=2, markersize=5.5, label="student")
        for place, point in zip(x, points, strict=True):
            spent = "noise off" if noise_off else f"ε = {words.epsilon(point.epsilon)} spent"
            told = f"{point.phase}: {100 * point.accuracy:.1f} %, {spent}"
            marks.draw(place, point.accuracy, "o", told, color=BLUE, markersize=6, markeredgecolor="white")
        _reference_lines(axes, utility)
        if noise_off:
            axes.set_xticks(x, [str(i + 1) for i in range(len(x))])
        axes.set_xlabel("phase, in order (noise off: ε has no value)" if noise_off else "cumulative ε, costliest site")
        axes.margins(y=0.1)
        _percent_axis(axes, utility)
        legend_above(axes)
        first, last = points[0], points[-1]
        spent = f"as cumulative ε goes from {first.epsilon:.2f} to {last.epsilon:.2f}"
        spent = "with the noise off" if noise_off else spent
        description = f"The student goes from {_spoken([first.accuracy])} to {_spoken([last.accuracy])} {spent}."
        title = f"{metric_name(utility)} against cumulative ε"
        return inline_svg(figure, "trajectory", title, description, marks.texts)


def _percent_axis(axes: Axes, utility: Utility) -> None:
    axes.set_ylabel(f"{metric_name(utility)}, %")
    axes.yaxis.set_major_formatter(PERCENT)
    axes.yaxis.set_major_locator(MaxNLocator(6))
    axes.grid(axis="y")


def _reference_lines(axes: Axes, utility: Utility) -> None:
    lines = (
        (utility.nonprivate, INK, "-", "all records, no privacy"),
        (utility.local_only, ORANGE, "--", "median site alone"),
        (utility.epsilon0, MUTED, ":", "no private record (ε = 0)"),
    )
    for height, colour, dashes, name in lines:
        if height is not None:
            axes.axhline(height, color=colour, linewidth=1.5, linestyle=dashes, label=name)


def labels_plot(labels: Sequence[LabelFigure]) -> str | None:
    """Each label's score with and without the private signal; None without the ε = 0 figures."""
    pairs = [(label.epsilon0, label.student, label) for label in labels if label.epsilon0 is not None]
    if len(pairs) < 2:
        return None
    with style("labels"):
        figure, axes = canvas(3.6)
        marks = Marks(axes)
        axes.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle="--")
        for wanted, colour, marker, name in (
            (1, BLUE, "o", "better"),
            (0, MUTED, "s", "equal"),
            (-1, VERMILION, "v", "worse"),
        ):
            chosen = [(x, y, label) for x, y, label in pairs if (y > x) - (y < x) == wanted]
            axes.plot([], [], marker, color=colour, alpha=0.65, markersize=6, label=f"{len(chosen)} {name}")
            for x, y, label in chosen:
                texts = words.plural(label.support, "text")
                told = f"{words.visible(label.label)[:80]}: {100 * x:.0f} → {100 * y:.0f} % of {texts}"
                marks.draw(x, y, marker, told, color=colour, alpha=0.65, markersize=6, markeredgewidth=0, clip_on=False)
        axes.set_xlim(-0.02, 1.02)
        axes.set_ylim(-0.02, 1.02)
        axes.xaxis.set_major_formatter(PERCENT)
        axes.yaxis.set_major_formatter(PERCENT)
        axes.grid()
        axes.set_xlabel("without private records (ε = 0), %")
        axes.set_ylabel("this campaign's student, %")
        legend_above(axes, columns=3)
        better = sum(y > x for x, y, _ in pairs)
        worse = sum(y < x for x, y, _ in pairs)
        description = f"Of {len(pairs)} labels, {better} score better than at ε = 0, {worse} worse."
        title = "Accuracy per label, with and without the private signal"
        return inline_svg(figure, "labels", title, description, marks.texts)


def metric_name(utility: Utility) -> str:
    """The metric's name, fit for a label: short, and without control characters, which XML has no form for."""
    return words.visible(utility.metric)[:40]


def median(values: Sequence[float]) -> float:
    """The middle one, or the mean of the two in the middle."""
    ordered, half = sorted(values), len(values) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def _spoken(values: Sequence[float]) -> str:
    if len(values) == 1:
        return f"{100 * values[0]:.1f} per cent"
    low, high = min(values), max(values)
    return f"{100 * low:.1f} to {100 * high:.1f} per cent, median {100 * median(values):.1f}"
