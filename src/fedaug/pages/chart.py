"""What all plots share: colours, canvas, legend.

Colours are from Okabe and Ito's palette, which people with any colour vision can tell apart; every series also differs
in marker or line, so that a print in grey reads the same.
"""

from __future__ import annotations

from typing import Any, Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

BLUE: Final = "#0072B2"
ORANGE: Final = "#E69F00"
VERMILION: Final = "#D55E00"

PERCENT: Final = FuncFormatter(lambda value, _: f"{100 * value:.0f}")


def canvas(height: float) -> tuple[Figure, Axes]:
    """Drawn small (4.9 inches wide), so that its text is readable on a phone."""
    figure = Figure(figsize=(4.9, height), layout="constrained")
    return figure, figure.subplots()


def legend_above(axes: Axes, columns: int = 2) -> None:
    """Over the plot, where it covers nothing."""
    axes.legend(
        loc="lower left",
        bbox_to_anchor=(-0.02, 1.0),
        ncols=columns,
        borderaxespad=0.2,
        columnspacing=1.2,
        handletextpad=0.5,
    )


def rows_of(axes: Axes, names: list[str]) -> None:
    """One row per name, the first on top, with no line at the side."""
    axes.set_yticks(range(len(names)), list(reversed(names)))
    axes.set_ylim(-0.6, len(names) - 0.4)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x")


def short(name: str, most: int = 26) -> str:
    """A name that leaves room for the plot."""
    return name if len(name) <= most else name[: most - 1] + "…"


class Marks:
    """Draws marks one by one, and keeps what each stands for, for :func:`fedaug.pages.svg.inline_svg`.

    Args:
        axes: Where they are drawn.
    """

    def __init__(self, axes: Axes) -> None:
        self.texts: dict[str, str] = {}
        self._axes = axes

    def draw(self, x: float, y: float, marker: str, text: str, **look: Any) -> None:  # noqa: ANN401  matplotlib's own
        """One mark, and what it stands for in words."""
        name = f"mark-{len(self.texts)}"
        self.texts[name] = text
        (line,) = self._axes.plot([x], [y], marker, **look)
        line.set_gid(name)
