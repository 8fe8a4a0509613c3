"""Finds gates by name among the plug-ins that are installed."""

from __future__ import annotations

import inspect
from importlib.metadata import entry_points
from typing import Any

from fedaug.errors import ConfigError, UnknownPlugin
from fedaug.privacy.vetting.gate import Gate

#: The entry-point group that a package declares its gates in: name = "module:Class".
GROUP = "fedaug.gates"


def gate_names() -> list[str]:
    """Names of all installed gates; nothing is loaded."""
    return sorted({entry.name for entry in entry_points(group=GROUP)})


def make_gate(name: str, **settings: Any) -> Gate:  # noqa: ANN401  # each gate has its own settings
    """Build an installed gate from its settings.

    Raises:
        UnknownPlugin: No installed package declares the gate, or what it declares is not a gate of that name.
        ConfigError: The gate refuses its settings, or needs a model or data that no settings file can hold.
        MissingExtra: The gate needs an optional part that is not installed.
    """
    entry = next(iter(entry_points(group=GROUP, name=name)), None)
    if entry is None:
        raise UnknownPlugin(
            "no installed gate has that name", f"use one of: {', '.join(gate_names()) or 'none installed'}"
        )
    factory = entry.load()
    try:
        inspect.signature(factory).bind(**settings)
    except TypeError:
        raise ConfigError(
            "a gate does not take the settings that it was given, or needs others", "see the gate's documentation"
        ) from None
    gate = factory(**settings)
    if not isinstance(gate, Gate) or gate.name != name:
        raise UnknownPlugin(
            "what is installed under a gate's name is not that gate", "update the package that ships it"
        )
    return gate
