"""Plug-ins by name: generators, operators and gates found through Python entry points."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, Final

from fedaug.errors import UnknownPlugin

GENERATORS = "fedaug.generators"
OPERATORS = "fedaug.operators"
GATES = "fedaug.gates"
#: The generator that a folder stands for.
MODEL_GENERATOR: Final = "language-model"


def _installed(group: str) -> Iterable[EntryPoint]:
    return entry_points(group=group)


def plugin_names(group: str, *, installed: Callable[[str], Iterable[EntryPoint]] = _installed) -> list[str]:
    """Sorted names of the plug-ins of one group, such as ``GENERATORS``; nothing is imported."""
    return sorted({entry.name for entry in installed(group)})


def is_model_folder(name: str) -> bool:
    """Whether a generator is named by a model's folder: no plug-in's name looks like a path."""
    return name.startswith(("~", ".")) or "/" in name or "\\" in name


def public_name(name: str) -> str:
    """A generator's name for what others read: of a folder its last part only, since a path tells of the machine."""
    return f"{MODEL_GENERATOR}: {Path(name).name}" if is_model_folder(name) else name


def load_plugin(group: str, name: str, *, installed: Callable[[str], Iterable[EntryPoint]] = _installed) -> Any:  # noqa: ANN401 - a plug-in may be any factory; contract suites hold each group to its Protocol
    """Import one plug-in and return its factory, usually a class; the caller calls it with its options.

    Args:
        group: ``GENERATORS``, ``OPERATORS`` or ``GATES``.
        name: The entry point's name, such as ``"label-phrases"``; for a generator also the folder of a language model.
        installed: Lists a group's entry points; what the Python environment has, unless told otherwise.

    Raises:
        UnknownPlugin: No plug-in has that name, two packages claim it, or it cannot be imported.
    """
    if group == GENERATORS and is_model_folder(name):
        return partial(load_plugin(group, MODEL_GENERATOR, installed=installed), model=name)
    found = {entry.value: entry for entry in installed(group) if entry.name == name}
    if not found:
        known = ", ".join(plugin_names(group, installed=installed)) or "none"
        raise UnknownPlugin(f"no plug-in of {group} is called {name!r}", f"use one of these: {known}")
    if len(found) > 1:
        # Which one ran would depend on the order of installation, and a policy names plug-ins by name only.
        raise UnknownPlugin(
            f"two packages offer a plug-in of {group} called {name!r}",
            "uninstall one of them: " + ", ".join(sorted(found)),
        )
    entry = next(iter(found.values()))
    try:
        return entry.load()
    except (ImportError, AttributeError) as cause:
        raise UnknownPlugin(
            f"the plug-in {name!r} of {group} cannot be imported ({type(cause).__name__})",
            f"reinstall the package that has {entry.value}",
        ) from cause
