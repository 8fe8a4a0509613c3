"""Which gate reads what: the classes of the gates that come with fedaug, and those of other packages as they say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.metadata import entry_points
from types import MappingProxyType
from typing import Final

from fedaug.errors import ConfigError
from fedaug.privacy.bundle.manifest import GateFact
from fedaug.privacy.vetting.gate import GateClass
from fedaug.privacy.vetting.registry import GROUP

#: Written down here so that a checker need not load the gates, nor what they depend on. A test compares it with them.
SHIPPED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "length": "F",
        "repetition": "F",
        "duplicate": "F",
        "novelty": "F",
        "identifier": "F",
        "language": "F",
        "fluency": "F",
        "relabel": "F",
        "information": "F",
        "toxicity": "F",
        "balance": "F",
        "injection": "F",
        "trigger": "F",
        "contamination": "F",
        "collapse": "F",
        "support": "D",
        "nearness": "D",
        "copy": "S",
        "closest": "S",
        "planted": "S",
        "surrogate": "S",
    }
)


#: Gates of class S that decide at a site where its policy and the plan let them.
DECIDING_AT_SITES: Final = ("closest", "copy", "planted")


def gate_facts(names: Iterable[str]) -> list[GateFact]:
    """Gates by which a campaign let samples pass or not.

    Raises:
        ConfigError: One is not installed here, so that nobody can say what it reads.
    """
    facts = []
    for name in sorted(set(names)):
        found = SHIPPED.get(name) or installed_class(name)
        if found is None:
            raise ConfigError("a gate of the campaign is not installed here", "install the package that it came with")
        facts.append(GateFact.model_validate({"gate": name, "gate_class": found, "decides": True}))
    return facts


def installed_class(name: str) -> str | None:
    """The class that an installed gate states; None if no gate of that name is installed."""
    entry = next(iter(entry_points(group=GROUP, name=name)), None)
    stated = None if entry is None else getattr(entry.load(), "gate_class", None)
    return stated.value if isinstance(stated, GateClass) else None
