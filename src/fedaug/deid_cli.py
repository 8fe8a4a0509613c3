"""``fedaug deid``: measure what de-identification misses on one's own texts, and label a sample of them.

Nothing that these commands print holds a text of the files that they read.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from fedaug.console import ConsoleNarrator, commands, needs
from fedaug.deid_options_cli import (
    DEFAULT_TEXT,
    EXTRA,
    Additions,
    AsJson,
    Delimiter,
    KeyFile,
    Language,
    Lines,
    Overwrite,
    Policy,
    Seed,
    Source,
    TextColumn,
    additions_of,
    counted,
    deidentifier,
    finding_alone,
    keys_of,
    texts_of,
)
from fedaug.errors import ConfigError
from fedaug.privacy.deid.policies import DEFAULT_POLICY

app = typer.Typer()

Labelled = Annotated[Path, typer.Argument(metavar="LABELLED", help="JSON Lines with texts and labelled spans.")]


@app.command()
def score(
    labelled: Labelled,
    *,
    policy: Policy = DEFAULT_POLICY,
    language: Language = "en",
    additions: Additions = None,
    as_json: AsJson = False,
) -> None:
    """Score detection on texts in which every identifier is labelled: recall, precision, F2, texts without a leak.

    A labelled file has one record a line: {"text": "Seen by Ann Lee", "spans": [{"start": 8, "end": 15, "type":
    "PERSON"}]}. `fedaug deid label` makes a page on which to label a sample of your own texts. Of the policy, what it
    looks for and its thresholds count, not what it puts in place of a finding.

    Example: fedaug deid score labelled.jsonl --json
    """
    with commands(), needs(EXTRA):
        from fedaug.privacy.deid.policies import load_policy  # noqa: PLC0415 - as above
        from fedaug.privacy.deid.scoring import (  # noqa: PLC0415 - as above
            Scorer,
            find_all,
            read_labelled,
            score_table,
        )

        chosen, scorer = load_policy(policy), Scorer()
        with ConsoleNarrator() as narrator:
            narrator.phase("reading labels")
            count = sum(1 for _ in read_labelled(labelled))  # a bad line is told before minutes of work
            finder = deidentifier(finding_alone(chosen), language, None, additions_of(additions))
            narrator.phase("finding")
            began = time.perf_counter()
            found = find_all(finder, (record.text for record in read_labelled(labelled)))
            for done, (record, spans) in enumerate(zip(read_labelled(labelled), found, strict=True), start=1):
                scorer.add(record, spans)
                narrator.step(done, count)
            speed = count / (time.perf_counter() - began)
        result = scorer.score()
        if as_json:
            settings = {"policy": chosen.name, "fingerprint": chosen.fingerprint, "language": language}
            typer.echo(json.dumps({**result.as_json(), "records_per_s": speed, "settings": settings}))
        else:
            Console().print(score_table(result, records_per_s=speed))


@app.command()
def canary(
    source: Source,
    *,
    policy: Policy = DEFAULT_POLICY,
    language: Language = "en",
    text_column: TextColumn = DEFAULT_TEXT,
    count: Annotated[int, typer.Option("--count", min=1, max=10_000, help="Canaries of each type.")] = 40,
    seed: Seed = 0,
    key_file: KeyFile = None,
    additions: Additions = None,
    lines: Lines = False,
    delimiter: Delimiter = ",",
    as_json: AsJson = False,
) -> None:
    """Plant made-up identifiers of every type among your own texts, de-identify, and count those that are missed.

    Prints no text. The texts on the disk stay as they are.

    Example: fedaug deid canary notes.csv --json
    """
    with commands(), needs(EXTRA):
        from fedaug.privacy.deid.policies import load_policy  # noqa: PLC0415 - as above
        from fedaug.privacy.deid.scoring.canary import measure, plant, sample  # noqa: PLC0415 - as above
        from fedaug.privacy.deid.scoring.canary_table import canary_table  # noqa: PLC0415 - as above

        chosen = load_policy(policy)
        with ConsoleNarrator() as narrator:
            narrator.phase("planting")
            texts = sample(texts_of(source, text_column, lines=lines, delimiter=delimiter), count * 10, seed)
            planted = list(plant(texts, count=count, seed=seed, language=language))
            worker = deidentifier(chosen, language, keys_of(key_file), additions_of(additions))
            narrator.phase("de-identifying")
            report = measure(worker, planted, chosen, lambda done: narrator.step(done, len(planted)))
        if as_json:
            settings = {"policy": chosen.name, "language": language, "count": count, "seed": seed}
            typer.echo(json.dumps({**report.as_json(), "settings": settings}))
        else:
            Console().print(canary_table(report))


@app.command()
def label(
    source: Source,
    out: Annotated[Path, typer.Argument(metavar="OUT.html", help="The page; its owner alone can read it.")],
    *,
    language: Language = "en",
    text_column: TextColumn = DEFAULT_TEXT,
    count: Annotated[int, typer.Option("--count", min=1, max=1_000, help="Records on the page.")] = 50,
    seed: Seed = 0,
    prefill: Annotated[
        bool, typer.Option("--prefill", help="Mark what the recognisers find. Quicker, and it hides what they miss.")
    ] = False,
    lines: Lines = False,
    delimiter: Delimiter = ",",
    overwrite: Overwrite = False,
) -> None:
    """Make a page on which to mark the identifiers of some of your own records, drawn by chance.

    The page is one file that works offline and asks no other computer for anything; it holds the records' texts. What
    it saves is what `fedaug deid score` reads.

    Example: fedaug deid label notes.csv label.html --count 50
    """
    with commands(), needs(EXTRA):
        from fedaug.privacy.deid.batch import require_another, require_output  # noqa: PLC0415 - as above
        from fedaug.privacy.deid.policies import load_policy  # noqa: PLC0415 - as above
        from fedaug.privacy.deid.scoring import find_all  # noqa: PLC0415 - as above
        from fedaug.privacy.deid.scoring.canary import sample  # noqa: PLC0415 - as above
        from fedaug.privacy.deid.scoring.label_page import write_label_page  # noqa: PLC0415 - as above

        if out.suffix.lower() not in (".html", ".htm"):
            raise ConfigError("OUT is not named .html", "name it so, for a browser to open it")
        require_another(out, source)
        require_output(out, overwrite=overwrite)
        texts = sample(texts_of(source, text_column, lines=lines, delimiter=delimiter), count, seed)
        found = None
        if prefill:
            found = list(find_all(deidentifier(finding_alone(load_policy(DEFAULT_POLICY)), language), texts))
        write_label_page(out, texts, found)
        typer.echo(f"{counted(len(texts), 'record')} on {out}: open it in a browser; it holds the texts in clear")


@app.command("types")
def list_types(*, as_json: AsJson = False) -> None:
    """List the types of identifiers, and the letter of 45 CFR 164.514(b)(2)(i) that names each.

    Example: fedaug deid types
    """
    from fedaug.privacy.deid.entities import ENTITIES  # noqa: PLC0415 - as above

    if as_json:
        typer.echo(
            json.dumps({name: {"kind": one.kind, "safe_harbor": one.safe_harbor} for name, one in ENTITIES.items()})
        )
        return
    table = Table("type", "kind", "Safe Harbor", box=None, pad_edge=False)
    for name, one in ENTITIES.items():
        table.add_row(name, one.kind, one.safe_harbor or "–")
    Console().print(table)
