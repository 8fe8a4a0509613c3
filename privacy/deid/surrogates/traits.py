"""Surrogates of what describes somebody: a calling, a nationality, a religion."""

from __future__ import annotations

import functools
import importlib
from typing import Final

from fedaug.privacy.deid.surrogates.draw import Draw
from fedaug.privacy.deid.surrogates.words import plain, with_case_of

#: Words that can take each other's place, by language; the endings of the Spanish ones agree.
_GROUPS: Final[dict[str, tuple[str, ...]]] = {
    "en": (
        "American British Canadian French German Italian Spanish Mexican Brazilian Chinese Japanese Korean Indian "
        "Russian Polish Dutch Swedish Norwegian Danish English Scottish Czech Finnish "
        "Greek Turkish Egyptian Australian Portuguese Cuban",
        "Catholic Protestant Muslim Jewish Hindu Buddhist Sikh Baptist Methodist Lutheran Quaker Mormon",
        "Democrat Republican Liberal Conservative Socialist Libertarian",
    ),
    "es": (
        "estadounidense canadiense costarricense nicaragüense israelí iraní marroquí paquistaní belga croata",
        "español francés alemán italiano mexicano argentino chileno peruano portugués polaco ruso griego",
        "española francesa alemana italiana mexicana argentina chilena peruana portuguesa polaca rusa griega",
        "católico budista evangélico judío protestante musulmán ortodoxo",
        "católica budista evangélica judía protestante musulmana ortodoxa",
    ),
}
_JOBS: Final = {"en": "", "es": ".es"}


def surrogate_trait(draw: Draw, value: str, entity_type: str) -> str | None:
    """Another calling, nationality, religion or party; None for anything else."""
    name = plain(value.strip())
    if entity_type == "PROFESSION":
        return _other(draw, value, name, _jobs(draw.language))
    for group in _GROUPS.get(draw.language, ()) if entity_type == "NRP" else ():
        words = tuple(group.split())
        for ending in ("", "s"):
            if any(plain(word) + ending == name for word in words):
                fitting = tuple(word for word in words if not ending or word[-2:] not in ("sh", "se", "ch"))
                made = _other(draw, value, name[: len(name) - len(ending)], fitting)
                return made and made + ending
    return None


def _other(draw: Draw, value: str, name: str, words: tuple[str, ...]) -> str | None:
    made = draw.pick("trait", name, words, lambda word: plain(word) != name and plain(word) not in draw.taken)
    return made and with_case_of(made, value.strip())


@functools.cache
def _jobs(language: str) -> tuple[str, ...]:
    module = importlib.import_module(f"faker.providers.job{_JOBS.get(language, '')}")
    return tuple(sorted({job.partition(",")[0].partition("/")[0] for job in module.Provider.jobs}))
