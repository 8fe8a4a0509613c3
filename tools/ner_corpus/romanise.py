"""Cyrillic and Greek letters in Latin ones, as passports write them: clinics and banks hold names so spelt."""

from __future__ import annotations

_CYRILLIC = (
    "а a,б b,в v,г g,ґ g,д d,е e,ё yo,є ye,ж zh,з z,и i,і i,ї yi,й y,к k,л l,м m,н n,о o,п p,р r,с s,т t,у u,ф f,"
    "х kh,ц ts,ч ch,ш sh,щ shch,ъ ,ы y,ь ,э e,ю yu,я ya"
)
_GREEK = (
    "α a,β v,γ g,δ d,ε e,ζ z,η i,θ th,ι i,κ k,λ l,μ m,ν n,ξ x,ο o,π p,ρ r,σ s,ς s,τ t,υ y,φ f,χ ch,ψ ps,ω o,"
    "ά a,έ e,ή i,ί i,ό o,ύ y,ώ o,ϊ i,ϋ y,ΐ i,ΰ y"
)


def _table() -> dict[int, str]:
    table: dict[int, str] = {}
    for pair in f"{_CYRILLIC},{_GREEK}".split(","):
        letter, _, latin = pair.partition(" ")
        table[ord(letter)] = latin
        table[ord(letter.upper()[0])] = latin.capitalize()
    return table


_TABLE = _table()


def romanised(text: str) -> str:
    """The text with Cyrillic and Greek letters in Latin ones; any other text is unchanged."""
    return text if text.isascii() else text.translate(_TABLE)
