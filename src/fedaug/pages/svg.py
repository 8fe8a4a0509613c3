"""A matplotlib figure as an inline SVG: deterministic, scalable, named for screen readers."""

from __future__ import annotations

import io
import re
import warnings
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import matplotlib as mpl
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from fedaug.pages import words

_SVG: Final = "http://www.w3.org/2000/svg"
_TIP_CHARS: Final = 300
_XLINK: Final = "{http://www.w3.org/1999/xlink}href"

INK: Final = "#1d2733"
MUTED: Final = "#5a6673"
GRID: Final = "#e3e7eb"

_STYLE: Final[dict[Any, Any]] = {
    "svg.fonttype": "none",  # real text: it takes the page's font, can be selected, searched and read aloud
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],  # shipped with matplotlib, and wide: what fits in it fits in the page's font
    "font.size": 11,
    "text.parse_math": False,  # a dollar sign in a label is a dollar sign
    "text.color": INK,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.labelsize": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.8,
    "axes.axisbelow": True,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "legend.frameon": False,
    "legend.fontsize": 10,
    "path.simplify": False,
}


@contextmanager
def style(name: str) -> Iterator[None]:
    """The look of every plot; ``name`` salts the ids so that they are stable and differ between plots."""
    with mpl.rc_context(), warnings.catch_warnings():
        mpl.rcdefaults()  # a reader's own matplotlibrc must not change the bytes
        mpl.rcParams.update(_STYLE | {"svg.hashsalt": name})
        # A label may hold an emoji that DejaVu lacks; the text is left to the browser's fonts anyway.
        warnings.filterwarnings("ignore", message=r"Glyph .* missing from font")
        yield


def inline_svg(figure: Figure, name: str, title: str, description: str, marks: Mapping[str, str] | None = None) -> str:
    """The figure as one ``<svg>`` element that scales with its container.

    Args:
        figure: Drawn within :func:`style`, which must still be in force.
        name: Unique on the page; prefixes every id.
        title: Names the plot for a screen reader.
        description: Says in a sentence what a sighted reader sees.
        marks: What a mark stands for, by the ``gid`` of its artist. A browser shows it under the pointer; the page's
            script also for the keyboard.
    """
    buffer = io.BytesIO()
    FigureCanvasSVG(figure)
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None}, transparent=True)
    root = ET.fromstring(buffer.getvalue())  # noqa: S314  as above
    _drop_foreign_parts(root)
    _name_marks(root, marks or {})
    _prefix_ids(root, name)
    for attribute in ("width", "height", "version"):
        root.attrib.pop(attribute, None)
    root.attrib.update({"role": "img", "aria-labelledby": f"{name}-title {name}-desc", "class": "plot"})
    _name(root, name, title, description)
    return _serialised(root)


def _drop_foreign_parts(root: ET.Element) -> None:
    """Metadata, and a style sheet whose ``*`` would reach the whole page."""
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag.rpartition("}")[2] in {"metadata", "style"}:
                parent.remove(child)


def _name_marks(root: ET.Element, marks: Mapping[str, str]) -> None:
    """A title is the one way in which SVG tells what something is without a script."""
    for element in root.iter():
        text = marks.get(element.get("id", ""))
        if text is not None:
            del element.attrib["id"]
            element.set("class", "mark")
            title = ET.Element(f"{{{_SVG}}}title")
            title.text = words.visible(text)[:_TIP_CHARS]
            element.insert(0, title)


def _prefix_ids(root: ET.Element, name: str) -> None:
    """Ids that nothing refers to are dropped; the others get the plot's name, so that no two plots share one."""
    text = ET.tostring(root, encoding="unicode")
    used = set(re.findall(r"url\(#([^)]+)\)", text)) | set(re.findall(r'href="#([^"]+)"', text))
    for element in root.iter():
        own = element.attrib.pop("id", None)
        if own in used:
            element.set("id", f"{name}-{own}")
        for key, value in list(element.attrib.items()):
            if key == _XLINK:
                element.set("href", f"#{name}-{element.attrib.pop(key)[1:]}")
            elif "url(#" in value:
                element.set(key, value.replace("url(#", f"url(#{name}-"))


def _name(root: ET.Element, name: str, title: str, description: str) -> None:
    for position, (tag, text) in enumerate((("title", title), ("desc", description))):
        element = ET.Element(f"{{{_SVG}}}{tag}", {"id": f"{name}-{tag}"})
        element.text = text
        root.insert(position, element)


def _serialised(root: ET.Element) -> str:
    """HTML needs no namespaces; without them the page names no address at all."""
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    return ET.tostring(root, encoding="unicode", short_empty_elements=False)
