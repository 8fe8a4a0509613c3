"""The plot of what de-identification finds of each type of identifier, with its interval."""

from __future__ import annotations

from typing import Final

from fedaug.pages import words
from fedaug.pages.chart import BLUE, PERCENT, VERMILION, Marks, canvas, rows_of, short
from fedaug.pages.recall import REFERENCE_RECALL, Deidentification
from fedaug.pages.svg import MUTED, inline_svg, style

_MOST_TYPES: Final = 40


def recall_plot(found: Deidentification) -> str | None:
    """One row per type, the worst first; None without any."""
    worst_first = sorted(found.types.items(), key=lambda pair: (pair[1].recall, pair[1].interval[0], pair[0]))
    rows = worst_first[:_MOST_TYPES]
    if not rows:
        return None
    with style("recall"):
        figure, axes = canvas(0.7 + 0.3 * len(rows))
        marks = Marks(axes)
        for y, (name, one) in enumerate(reversed(rows)):
            low, high = one.interval
            colour = VERMILION if high < REFERENCE_RECALL else BLUE
            axes.plot([low, high], [y, y], color=colour, linewidth=2, solid_capstyle="round")
            told = (
                f"{name}: {words.percent(one.recall)} of the characters of {words.plural(one.labelled, 'identifier')} "
                f"found; 95 % interval {100 * low:.1f} to {100 * high:.1f}"
            )
            marks.draw(
                one.recall, y, "v" if colour == VERMILION else "o", told, color=colour, markersize=7,
                markeredgecolor="white", clip_on=False,
            )  # fmt: skip
        rows_of(axes, [short(words.visible(name)) for name, _ in rows])
        axes.axvline(REFERENCE_RECALL, color=MUTED, linewidth=1, linestyle="--")
        lowest = min(one.interval[0] for _, one in rows)
        axes.set_xlim(min(0.9, lowest - 0.02), 1.005)
        axes.xaxis.set_major_formatter(PERCENT)
        axes.set_xlabel("characters of identifiers found, %")
        worst_name, worst = rows[0]
        description = (
            f"{words.plural(len(found.types), 'type')} of identifier; the worst is {worst_name} with "
            f"{words.percent(worst.recall)} of {words.plural(worst.labelled, 'identifier')}."
        )
        return inline_svg(figure, "recall", "What de-identification finds, by type", description, marks.texts)
