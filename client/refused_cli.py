"""``fedaug site refused``: the texts that did not leave, with the reasons, for review by the site's own people."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fedaug.console import commands, needs

if TYPE_CHECKING:
    from fedaug.client.refused_texts import RefusedText

Refusal = tuple[str, "RefusedText"]  # the campaign, and what was refused of its batch


def refused(
    folder: Annotated[Path, typer.Argument(help="The site's folder.")],
    *,
    gate: Annotated[str | None, typer.Option(metavar="NAME", help="What this gate refused, and no other.")] = None,
    campaign: Annotated[str | None, typer.Option(metavar="NAME", help="What was refused for this campaign.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object in place of text.")] = False,
) -> None:
    """Show the texts that this site's gates refused, each with the gate and its reason.

    Reasons of class S tell of records: what is printed here may not leave the site. It needs the site's keys.

    Example: fedaug site refused st-mary --gate copy
    """
    with commands():
        with needs("client"):
            from fedaug.client.site import Site  # noqa: PLC0415 - torch takes seconds; --help shall not wait for it

        with closing(Site.open(folder)) as site:
            found = [
                (name, one)
                for name in ([campaign] if campaign is not None else site.campaigns())
                for one in site.refused(name)
                if gate in (None, one.gate)
            ]
        typer.echo(json.dumps(_values(found)) if as_json else "\n".join(_lines(found)))


def _values(found: Sequence[Refusal]) -> dict[str, object]:
    return {
        "refused": [
            {"campaign": campaign, "gate": one.gate, "code": one.code, "label": one.label, "text": one.text}
            for campaign, one in found
        ]
    }


def _lines(found: Sequence[Refusal]) -> Iterator[str]:
    yield f"{len(found):,} {'text' if len(found) == 1 else 'texts'} refused; this list stays at the site"
    for campaign, one in found:
        label = "no label" if one.label is None else f"label {_shown(one.label)}"
        yield f"  {_shown(campaign)}  {one.gate}: {one.code}  ({label})  {_shown(one.text)}"


def _shown(text: str) -> str:
    """On one line, with whatever a terminal might act on written out: a refused text may have been made to deceive."""
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text)
