"""``fedaug generate``: texts of a label from a local language model, to look at or to keep."""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fedaug.augmentation.generators.language_model import Form
from fedaug.console import ConsoleNarrator, commands, one_line
from fedaug.errors import ConfigError

if TYPE_CHECKING:
    from fedaug.augmentation.language.journal import Journal
    from fedaug.augmentation.language.quotas import Filled

_ATTEMPTS = 4


def generate(
    labels: Annotated[list[str], typer.Option("--label", help="What the texts are about, in words; repeatable.")],
    *,
    count: Annotated[
        int, typer.Option("--count", "-n", min=1, max=100_000, help="Different texts for each label.")
    ] = 10,
    domain: Annotated[str, typer.Option(help="What they are about at large: finance, health or general.")] = "",
    form: Annotated[
        Form, typer.Option(help="What they are; auto: notes for a label in capitals, else queries.")
    ] = "auto",
    model: Annotated[
        str, typer.Option(help="The folder of a language model on this machine, or embedded.")
    ] = "embedded",
    adapter: Annotated[Path | None, typer.Option(help="The folder of a low-rank adapter for the model.")] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same texts.")] = 0,
    temperature: Annotated[float, typer.Option(help="0.05 to 5; higher is more varied. 0: the likeliest.")] = 0.8,
    banned: Annotated[
        Path | None, typer.Option(help="A public list of words that no text may hold, one a line.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Write JSON lines here; an interrupted run goes on.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object in place of text.")] = False,
) -> None:
    """Write different texts about a label with a language model of this machine. Nothing is fetched.

    A text that repeats another of its label (80 % of their words in common), was cut off, or holds a banned word is
    replaced, up to four draws for each text. No record is read: what comes out is public unless an adapter was trained
    on records.

    Example: fedaug generate --label "lost card" -n 10 --domain finance
    """
    kept = "interrupted; what was written is kept, the same command goes on" if out else "interrupted"
    with commands(interrupted=kept), _told(quiet=as_json) as told:
        began = time.monotonic()
        told.phase("load the model")
        from fedaug.augmentation.generators.language_model import label_prompt  # noqa: PLC0415 - --help shall not wait
        from fedaug.augmentation.language.banned_words import BannedWords  # noqa: PLC0415 - torch takes seconds
        from fedaug.augmentation.language.loading import load_language_model  # noqa: PLC0415
        from fedaug.augmentation.language.quotas import Quota, fill_quotas  # noqa: PLC0415
        from fedaug.augmentation.language.sampling import LocalSampler  # noqa: PLC0415
        from fedaug.augmentation.language.settings import SamplingSettings  # noqa: PLC0415

        if not all(label.strip() for label in labels):
            raise ConfigError("a label is empty", "say in words what the texts are about")
        if out is not None and out.is_dir():
            raise ConfigError(f"{out} is a folder", "give a file's name to --out")
        settings = SamplingSettings(temperature=temperature)
        words = None if banned is None else BannedWords.read(banned)
        loaded = load_language_model(model, adapter=adapter)
        sampler = LocalSampler(loaded, words)
        quotas = [Quota(label, label_prompt(loaded, label, domain, form), count) for label in labels]
        asked = {
            "prompts": [[quota.label, quota.prompt, quota.count] for quota in quotas],
            "settings": repr(settings), "seed": seed, "model": [model, str(adapter), loaded.name],
            "banned": None if words is None else list(words.written),
        }  # fmt: skip
        told.phase("write")
        with ExitStack() as stack:
            journal = None if out is None else _journal(stack, out, asked)
            filled = fill_quotas(
                sampler, quotas, settings, seed, attempts=_ATTEMPTS, progress=told.step,
                finished=None if journal is None else dict(journal.samples),
                on_sample=None if journal is None else journal.add,
            )  # fmt: skip
            if not any(filled.texts.values()):
                raise ConfigError(
                    f"{loaded.name} wrote no text that is of use ({_reasons(filled.refused)})",
                    "try another temperature",
                )
            if out is not None and journal is not None:
                _write(out, filled)
                journal.done()
    seconds = time.monotonic() - began
    about = {
        "model": loaded.name,
        "dependence": loaded.dependence.name.lower(),
        "seed": seed,
        "temperature": temperature,
        "drawn": filled.drawn,
        "refused": dict(filled.refused),
        "seconds": round(seconds, 2),
    }
    _show(filled, count, about, as_json=as_json, quiet=out is not None)


@contextmanager
def _told(*, quiet: bool) -> Iterator[ConsoleNarrator | _Silence]:
    if quiet:
        yield _Silence()
        return
    with ConsoleNarrator() as narrator:
        yield narrator


class _Silence:
    """Tells nothing: beside JSON nobody reads it."""

    def phase(self, name: str) -> None:
        """Nothing."""

    def step(self, done: int, total: int) -> None:
        """Nothing."""


def _journal(stack: ExitStack, out: Path, asked: dict[str, Any]) -> Journal:
    from fedaug.augmentation.language.journal import Journal  # noqa: PLC0415 - loads torch

    return stack.enter_context(Journal(out.with_name(out.name + ".partial"), asked))


def _write(out: Path, filled: Filled) -> None:
    lines = [json.dumps({"label": label, "text": text}) for label, texts in filled.texts.items() for text in texts]
    out.write_text("\n".join(lines) + "\n", "utf-8")


def _show(filled: Filled, count: int, about: dict[str, Any], *, as_json: bool, quiet: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"texts": filled.texts} | about, ensure_ascii=False))
        return
    for label, texts in filled.texts.items():
        if quiet:
            break
        if len(filled.texts) > 1:
            typer.echo(one_line(f"{label}:"))
        for text in texts:
            typer.echo(one_line(f"  {text}" if len(filled.texts) > 1 else text))
    for label, texts in filled.texts.items():
        if len(texts) < count:
            typer.echo(one_line(f"{label}: {len(texts)} of {count} texts; the model repeats itself"), err=True)
    made = sum(map(len, filled.texts.values()))
    replaced = f" ({_reasons(filled.refused)})" if filled.refused else ""
    sys.stdout.flush()
    typer.echo(
        f"{made} texts of {filled.drawn} drawn{replaced} by {about['model']} in {about['seconds']:.1f} s", err=True
    )


def _reasons(refused: Counter[str]) -> str:
    return ", ".join(f"{number} {reason}" for reason, number in sorted(refused.items()))
