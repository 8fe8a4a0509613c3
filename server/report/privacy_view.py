"""The privacy statement's view: who spent what, through which mechanism, in words that do not promise too much."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import Any, Final

from fedaug.pages import words
from fedaug.pages.facts import natural_order
from fedaug.privacy.events import ReleaseKind
from fedaug.server.report.model import Privacy, Release

KIND_IN_WORDS: Final = {
    ReleaseKind.NOISY_COUNTS: "how many units carry each label, clipped per unit",
    ReleaseKind.NOISY_VOTES: "which candidate texts lie closest to the site’s records, clipped per unit",
    ReleaseKind.NOISY_SUPPORT: "of which candidate texts many of the site’s units are near, each counted once",
    ReleaseKind.NOISY_STATISTICS: "sums of text embeddings per label, clipped per unit",
    ReleaseKind.NOISY_UPDATE: "a model update, clipped per unit",
    ReleaseKind.NOISY_METRIC: "how many of the site’s own records the student gets right",
}
COLOURS: Final = 5  # classes k0 to k4 of the style sheet


def nothing_promised(privacy: Privacy) -> bool:
    """Whether any site took part without noise, or sent a batch outside DP, so that nothing is promised."""
    return any(math.isinf(site.epsilon) for site in privacy.sites.values()) or math.isinf(privacy.consortium_epsilon)


def headline_privacy(privacy: Privacy) -> str:
    """The headline's second half."""
    if privacy.outside_dp:
        return "texts left a site outside differential privacy, so none is promised"
    if nothing_promised(privacy):
        return "the noise was off, so no privacy is promised"
    worst = max((site.epsilon for site in privacy.sites.values()), default=privacy.consortium_epsilon)
    who = "the site spent" if len(privacy.sites) == 1 else "no site spent more than"
    spent = f"{who} ε\u00a0=\u00a0{words.epsilon(worst)} per {privacy.unit}"
    return f"{spent} (δ\u00a0=\u00a0{words.scientific(privacy.delta)}, trust model {privacy.trust_model})"


def spent_range(privacy: Privacy) -> str:
    """What the sites spent in a few words, for the line that stands for a folded table."""
    spent = [words.epsilon(value) for value in sorted({site.epsilon for site in privacy.sites.values()})]
    sites = words.plural(len(privacy.sites), "site")
    if not spent:
        return "No site took part"
    if nothing_promised(privacy):
        return f"{sites}; privacy {'none (outside DP)' if privacy.outside_dp else words.NOISE_OFF}"
    if spent[0] == spent[-1]:
        return f"{'Each of ' if len(privacy.sites) > 1 else ''}{sites} spent ε\u00a0=\u00a0{spent[0]}"
    return f"{sites} spent between ε\u00a0=\u00a0{spent[0]} and {spent[-1]}"


def kinds_in_order(privacy: Privacy) -> list[str]:
    """Every release kind that any site let out, in the order of the closed set; others after it by name."""
    found = {kind for site in privacy.sites.values() for kind in site.releases} | {r.kind for r in privacy.releases}
    order = [str(kind) for kind in ReleaseKind]
    return sorted(found, key=lambda kind: (order.index(kind) if kind in order else len(order), kind))


def site_rows(privacy: Privacy) -> list[dict[str, Any]]:
    """Each site with its bar: its length is ε over budget, its parts the kinds' shares of ρ.

    ε of single releases does not add up to the whole; zCDP's ρ = Δ²/(2σ²) does (Bun & Steinke 2016, Lemma 1.7 and
    Proposition 1.6), so the parts are drawn by ρ.
    """
    kinds = kinds_in_order(privacy)
    rho: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for release in privacy.releases:
        rho[release.site][release.kind] += _rho(release)
    rows = []
    for name, site in privacy.sites.items():
        used = 0.0 if math.isinf(site.epsilon) or math.isinf(site.budget) else min(1.0, site.epsilon / site.budget)
        rows.append({"name": name, "site": site, "used": used, "parts": _parts(rho[name], kinds, 100 * used)})
    return rows


def _rho(release: Release) -> float:
    return math.inf if release.noise_std == 0 else (release.sensitivity / release.noise_std) ** 2 / 2


def _parts(shares: dict[str, float], kinds: list[str], length: float) -> list[dict[str, Any]]:
    whole = sum(shares.values())
    if not length:
        return []
    if not math.isfinite(whole) or not whole:
        return [{"class": "phase", "start": 0.0, "width": length}]
    start, parts = 0.0, []
    for number, kind in enumerate(kinds):
        width = length * shares.get(kind, 0.0) / whole
        parts.append({"class": f"k{number % COLOURS}", "start": start, "width": width})
        start += width
    return parts


def mechanisms(privacy: Privacy) -> list[dict[str, Any]]:
    """Mechanisms as executed; releases that are alike, and sites that did the same, share one row."""
    keys: dict[tuple[str, str, float, float], list[str]] = defaultdict(list)
    for release in privacy.releases:
        keys[release.site, release.kind, release.sensitivity, release.noise_std].append(release.key)
    sites: dict[tuple[str, float, float, tuple[str, ...]], list[str]] = defaultdict(list)
    for (site, kind, sensitivity, noise_std), names in keys.items():
        sites[kind, sensitivity, noise_std, tuple(sorted(names, key=natural_order))].append(site)
    rows = []
    for (kind, sensitivity, noise_std, released), who in sites.items():
        everyone = len(who) == len(privacy.sites) > 1
        rows.append(
            {
                "kind": kind,
                "words": KIND_IN_WORDS.get(kind, ""),  # type: ignore[call-overload]  # a StrEnum's key equals its text
                "names": words.joined(released, 3),
                "count": len(released),
                "sensitivity": sensitivity,
                "noise_std": noise_std,
                "multiplier": noise_std / sensitivity,
                "sites": f"all {len(who)} sites" if everyone else words.joined(sorted(who, key=natural_order), 4),
            }
        )
    return rows
