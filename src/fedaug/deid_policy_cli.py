"""``fedaug deid policy``: what is done with what is found, and how that compares with Safe Harbor."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from fedaug.console import commands

if TYPE_CHECKING:
    from fedaug.privacy.deid.policies import DeidPolicy

app = typer.Typer(no_args_is_help=True, help="De-identification policies: list them, and show one with its checklist.")

_UNDECLARED = "a type of the site's own"  # the name of no type
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object in place of text.")]


@app.command("list")
def list_policies(*, as_json: AsJson = False) -> None:
    """The built-in policies, and which of them a site gets that chooses none.

    Example: fedaug deid policy list
    """
    from fedaug.privacy.deid.policies import BUILT_IN, DEFAULT_POLICY, load_policy  # noqa: PLC0415 - --help is quick

    with commands():
        policies = [load_policy(name) for name in BUILT_IN]
        if as_json:
            values = [{"name": each.name, "description": each.description} for each in policies]
            typer.echo(json.dumps({"policies": values, "default": DEFAULT_POLICY}))
            return
        for each in policies:
            typer.echo(f"{each.name}{' (the default)' if each.name == DEFAULT_POLICY else ''}: {each.description}\n")


@app.command()
def show(
    policy: Annotated[str, typer.Argument(metavar="POLICY", help="The name of a built-in policy, or a .toml file.")],
    *,
    as_json: AsJson = False,
) -> None:
    """What a policy does with each type of identifier, and the Safe Harbor checklist. Reads no record.

    Checks a policy file of your own as well: what is wrong with it is told by the setting's name.

    Example: fedaug deid policy show hipaa-safe-harbor
    """
    from fedaug.privacy.deid.policies import load_policy  # noqa: PLC0415 - --help shall not wait for it
    from fedaug.privacy.deid.policies.safe_harbor import safe_harbor_checklist  # noqa: PLC0415 - as above

    with commands():
        found = load_policy(policy)
        checklist = safe_harbor_checklist(found, year=datetime.now(UTC).year)
        if as_json:
            typer.echo(json.dumps({"policy": found.model_dump(mode="json"), "safe_harbor": checklist.as_json()}))
            return
        typer.echo("\n".join(_lines(found)))
        typer.echo(checklist.as_text())


def _lines(policy: DeidPolicy) -> list[str]:
    lines = [f"{policy.name}: {policy.description}", ""]
    if policy.detect is not None:
        lines.append(f"looks only for: {', '.join(policy.detect)}")
    for name, choice in policy.entities.items():
        options = choice.model_dump(exclude_unset=True, exclude={"operator"})
        lines.append(f"  {name}: {choice.operator}" + "".join(f", {key} {value}" for key, value in options.items()))
    lines += [f"  {name}: score {least:g} and above only" for name, least in policy.thresholds.items()]
    lines.append(f"  every other type: {policy.default.operator}")
    own = policy.operator_for(_UNDECLARED).operator
    lines.append(f"  types of your own that the policy does not name (see own_types): {own}")
    return [*lines, "", *(f"note: {note}" for note in policy.notes), ""]
