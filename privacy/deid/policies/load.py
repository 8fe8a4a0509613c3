"""Loads a policy: a built-in one by name, or a site's own TOML file."""

from __future__ import annotations

import tomllib
from importlib import resources
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from fedaug.errors import ConfigError
from fedaug.privacy.checked_toml import one_line, problems_of, read_toml
from fedaug.privacy.deid.policies.notes import notes_of
from fedaug.privacy.deid.policies.policy import DeidPolicy

BUILT_IN: Final = ("hipaa-safe-harbor", "gdpr-pseudonymise", "pci")

#: What a site gets that chooses nothing. Its TOML file says why.
DEFAULT_POLICY: Final = "hipaa-safe-harbor"


def load_policy(name_or_path: str | Path) -> DeidPolicy:
    """A policy by name, or from a file.

    Args:
        name_or_path: One of :data:`BUILT_IN`, or the path of a ``.toml`` file. Such a file may say
            ``extends = "hipaa-safe-harbor"``; it then names only what it changes.

    Raises:
        ConfigError: There is no such policy or file, or a setting in it is wrong, missing or unknown. The message names
            settings by path and quotes no value.
    """
    if str(name_or_path) in BUILT_IN:
        return _checked(_built_in(str(name_or_path)), "the built-in policy")
    path = Path(name_or_path)
    if path.suffix != ".toml":
        raise ConfigError("no policy has that name", f"use {', '.join(BUILT_IN)}, or the path of a .toml file")
    return _checked(_extended(read_toml(path, "the policy file")), "the policy file")


def _built_in(name: str) -> dict[str, Any]:
    return tomllib.loads(resources.files(__package__).joinpath(f"{name}.toml").read_text("utf-8"))


def _checked(values: dict[str, Any], source: str) -> DeidPolicy:
    try:
        policy = DeidPolicy.model_validate(values)
        # Told from what the policy does: what a file inherits is no longer true once it changes an operator.
        return policy.model_copy(update={"notes": (*notes_of(policy), *policy.notes)})
    except ValidationError as error:
        what = one_line(problems_of(error))
    raise ConfigError(f"{source}: {what}", f"correct {source}")


def _extended(own: dict[str, Any]) -> dict[str, Any]:
    """A file's values over those of the policy that it extends."""
    if own.get("name") in BUILT_IN:
        raise ConfigError("the policy file: name is that of a built-in policy", "choose another name")
    if "extends" not in own:
        return own
    name = own["extends"]
    if name not in BUILT_IN:
        raise ConfigError("the policy file: extends names no built-in policy", f"use {', '.join(BUILT_IN)}")
    base = _built_in(name)
    if "detect" in base and "detect" not in own:
        # A type that the file does something about is a type that it wants looked for.
        base["detect"] = [*base["detect"], *(key for key in _table(own, "entities") if key not in base["detect"])]
    merged = base | own
    for table in ("entities", "thresholds"):
        merged[table] = base.get(table, {}) | _table(own, table)
    merged["notes"] = [*base.get("notes", []), *_list(own, "notes")]
    if "description" not in own:
        merged["description"] = f"A site's own, made from {name}, of which it was said: {base['description']}"
    return merged


def _table(values: dict[str, Any], name: str) -> dict[str, Any]:
    found = values.get(name, {})
    if not isinstance(found, dict):
        raise ConfigError(f"the policy file: {name} is not a table", f"write [{name}]")
    return found


def _list(values: dict[str, Any], name: str) -> list[Any]:
    found = values.get(name, [])
    if not isinstance(found, list):
        raise ConfigError(f"the policy file: {name} is not a list", f"write {name} = [...]")
    return found
