"""Facts to HTML: all text is escaped by Jinja2; only plots and the page's own script are trusted markup."""

from __future__ import annotations

import base64
import hashlib
import math
from functools import cache
from importlib import resources
from typing import Final

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from fedaug.pages import words

#: Functions of words.py that templates use as filters.
_FILTERS: Final = (
    "budget",
    "duration",
    "epsilon",
    "factor_at_most",
    "named",
    "number",
    "percent",
    "percent_at_most",
    "plural",
    "points",
    "scientific",
    "visible",
)


def environment(package: str) -> Environment:
    """Templates as every page uses them: text is escaped, a missing value is an error.

    Args:
        package: Whose folder ``templates`` holds the page's own ones; those of this room come after them.
    """
    made = Environment(
        loader=ChoiceLoader([PackageLoader(package), PackageLoader("fedaug.pages")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for name in _FILTERS:
        made.filters[name] = getattr(words, name)
    made.globals["inf"] = math.inf
    made.globals["wbr"] = Markup("_<wbr>")
    script = _script()
    made.globals["script"] = Markup(script)  # noqa: S704  a file of this package
    made.globals["script_hash"] = _hash(script)
    return made


def trusted(svg: str | None) -> Markup:
    """A plot as markup. The only text that is not escaped: svg.py wrote it as XML, with its own escaping."""
    return Markup(svg or "")  # noqa: S704  as said above


@cache
def _script() -> str:
    return resources.files("fedaug.pages").joinpath("templates", "page.js").read_text("utf-8")


def _hash(text: str) -> str:
    """As a content security policy names an inline element (CSP level 3, section 2.3.1)."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
