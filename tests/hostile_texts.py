"""Texts that try to break, stall or slip past whatever reads them; tests of every part that reads text may use them.

``HOSTILE`` maps a name to a text, ``TESTED`` the name to what the text tries. Where a text hides identifiers,
``HIDDEN`` gives the pieces that a good system takes out, spelt exactly as they stand in the text; those of
``DISGUISED`` are encoded or spelt so that only a reader who decodes them would know, and are counted, not required.
All people are made up.
"""

from __future__ import annotations

from tests.hostile_characters import CHARACTERS
from tests.hostile_shapes import SHAPES

HOSTILE: dict[str, str] = CHARACTERS.texts | SHAPES.texts
TESTED: dict[str, str] = CHARACTERS.tested | SHAPES.tested
HIDDEN: dict[str, tuple[str, ...]] = CHARACTERS.hidden | SHAPES.hidden
DISGUISED: frozenset[str] = frozenset(
    {
        "backspaces",
        "base64_blob",
        "homoglyph_digits",
        "html_entities_in_name",
        "json_escapes",
        "leetspeak",
        "markdown_and_wiki",
        "path_traversal",
        "percent_encoding",
        "right_to_left_override",
        "roman_numeral_characters",
        "small_capitals",
        "spaced_letters",
        "spelt_out_mail",
        "spelt_out_number",
    }
)
