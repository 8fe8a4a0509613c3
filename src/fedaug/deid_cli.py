"""``fedaug deid``: de-identify files, and measure what de-identification misses on one's own texts.

Nothing that these commands print holds a text of the files that they read.
"""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from fedaug.console import ConsoleNarrator, commands, needs
from fedaug.errors import ConfigError

if TYPE_CHECKING:
    from fedaug.privacy.deid import Deidentifier
    from fedaug.privacy.deid.additions import SiteAdditions
    from fedaug.privacy.deid.batch import Keys, Totals
    from fedaug.privacy.deid.columns import ColumnPolicy
    from fedaug.privacy.deid.document import Document
    from fedaug.privacy.deid.policies import DeidPolicy

app = typer.Typer(no_args_is_help=True, help="De-identify files; measure what is missed; label a sample of your own.")

_EXTRA = "client"
_DEFAULT_POLICY = "hipaa-safe-harbor"
_DEFAULT_TEXT = "text"

Source = Annotated[Path, typer.Argument(metavar="IN", help="A .csv, .jsonl, .ndjson or .txt file.")]
Labelled = Annotated[Path, typer.Argument(metavar="LABELLED", help="JSON Lines with texts and labelled spans.")]
Policy = Annotated[str, typer.Option("--policy", help="A policy's name, or the path of your own .toml file.")]
Language = Annotated[str, typer.Option("--language", help="The texts' language: two letters, or auto.")]
Processes = Annotated[int, typer.Option("--processes", min=1, help="Worker processes.")]
KeyFile = Annotated[Path | None, typer.Option("--key-file", help="For surrogates; fedaug deid key makes one.")]
TextColumns = Annotated[list[str] | None, typer.Option("--text-column", help="A column of free text; repeatable.")]
TextColumn = Annotated[str, typer.Option("--text-column", help="The column of free text.")]
Lines = Annotated[bool, typer.Option("--lines", help="Each line of a .txt is a record; else the whole file is one.")]
Additions = Annotated[
    Path | None, typer.Option("--additions", metavar="FILE", help="A .toml file with your own lists, patterns, models.")
]
Seed = Annotated[int, typer.Option("--seed", min=0, help="What is drawn depends on it alone.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object in place of text.")]


@app.command("apply")
def apply_policy(
    source: Source,
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The result, in the same format.")],
    *,
    policy: Policy = _DEFAULT_POLICY,
    language: Language = "en",
    text_columns: TextColumns = None,
    choices: Annotated[
        list[str] | None,
        typer.Option("--column", metavar="NAME=CHOICE", help="keep, drop, or its type, such as PERSON; repeatable."),
    ] = None,
    keep_others: Annotated[
        bool, typer.Option("--keep-other-columns", help="Keep columns that are not named as they are; else drop them.")
    ] = False,
    subject_column: Annotated[
        str | None, typer.Option(help="Whom a record is about: one subject, one surrogate for each name.")
    ] = None,
    language_column: Annotated[str | None, typer.Option(help="A record's own language.")] = None,
    key_file: KeyFile = None,
    additions: Additions = None,
    processes: Processes = 1,
    lines: Lines = False,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where an earlier run was cut off.")] = False,
    as_json: AsJson = False,
) -> None:
    """De-identify a file: the same format out, record by record, in memory that does not grow with it.

    Columns that are not named are left out, since nothing in them was looked at. A column with a type, as in --column
    name=PERSON, is replaced as a whole, and its value is looked for in the record's text.

    A record that cannot be de-identified is left out and counted, and the exit status is 0 all the same; if that is so
    for every record, it is 2, and there is no output. OUT appears when all of it is done.

    Example: fedaug deid apply notes.csv clean.csv --column name=PERSON --column ward=keep --processes 4
    """
    with commands(interrupted="interrupted; the same command with --resume goes on"), needs(_EXTRA):
        # --help shall not wait for these
        from fedaug.privacy.deid.batch import Columns, Job, open_source, run  # noqa: PLC0415 - as said
        from fedaug.privacy.deid.entities import ENTITIES  # noqa: PLC0415 - as above
        from fedaug.privacy.deid.policies import load_policy  # noqa: PLC0415 - as above

        if source.suffix.lower() != out.suffix.lower():
            raise ConfigError("IN and OUT have different suffixes", "the format stays: name OUT accordingly")
        rows = open_source(source, lines=lines)
        chosen, keys = load_policy(policy), _keys(key_file)
        beside = _columns(choices or [], {*ENTITIES, *chosen.own_types}, keep_others=keep_others)
        columns = Columns(tuple(text_columns or [_DEFAULT_TEXT]), beside, subject_column, language_column)
        columns.require(rows)
        own = _additions(additions)
        finder = _deidentifier(chosen, language, keys, own)
        settings = {
            "additions": None if own is None else own.fingerprint(),
            **{"policy": chosen.fingerprint, "language": language, "lines": lines, "version": _version()},
            **{"columns": repr(columns), "key": None if keys is None else keys.mark},
        }
        job = Job(rows, source, out, columns, _replace(chosen, language, keys), settings, processes)
        with ConsoleNarrator() as narrator:
            narrator.phase("checking the source")
            count = columns.checked(rows)  # a bad row is told before hours of work
            narrator.phase("de-identifying")
            totals = run(job, finder, resume=resume, progress=lambda done: narrator.step(done, count))
        typer.echo(json.dumps(_totals(totals, chosen)) if as_json else "\n".join(_told(totals, chosen)))


@app.command()
def score(
    labelled: Labelled,
    *,
    policy: Policy = _DEFAULT_POLICY,
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
    with commands(), needs(_EXTRA):
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
            finder = _deidentifier(_tagging(chosen), language, None, _additions(additions))
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
    policy: Policy = _DEFAULT_POLICY,
    language: Language = "en",
    text_column: TextColumn = _DEFAULT_TEXT,
    count: Annotated[int, typer.Option("--count", min=1, max=10_000, help="Canaries of each type.")] = 40,
    seed: Seed = 0,
    key_file: KeyFile = None,
    additions: Additions = None,
    lines: Lines = False,
    as_json: AsJson = False,
) -> None:
    """Plant made-up identifiers of every type among your own texts, de-identify, and count those that are missed.

    Prints no text. The texts on the disk stay as they are.

    Example: fedaug deid canary notes.csv --json
    """
    with commands(), needs(_EXTRA):
        from fedaug.privacy.deid.policies import load_policy  # noqa: PLC0415 - as above
        from fedaug.privacy.deid.scoring.canary import measure, plant, sample  # noqa: PLC0415 - as above
        from fedaug.privacy.deid.scoring.canary_table import canary_table  # noqa: PLC0415 - as above

        chosen = load_policy(policy)
        with ConsoleNarrator() as narrator:
            narrator.phase("planting")
            texts = sample(_texts(source, text_column, lines=lines), count * 10, seed)
            planted = list(plant(texts, count=count, seed=seed, language=language))
            worker = _deidentifier(chosen, language, _keys(key_file), _additions(additions))
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
    text_column: TextColumn = _DEFAULT_TEXT,
    count: Annotated[int, typer.Option("--count", min=1, max=1_000, help="Records on the page.")] = 50,
    seed: Seed = 0,
    prefill: Annotated[
        bool, typer.Option("--prefill", help="Mark what the recognisers find. Quicker, and it hides what they miss.")
    ] = False,
    lines: Lines = False,
) -> None:
    """Make a page on which to mark the identifiers of some of your own records, drawn by chance.

    The page is one file that works offline and asks no other computer for anything; it holds the records' texts. What
    it saves is what `fedaug deid score` reads.

    Example: fedaug deid label notes.csv label.html --count 50
    """
    with commands(), needs(_EXTRA):
        from fedaug.privacy.deid.policies import load_policy  # noqa: PLC0415 - as above
        from fedaug.privacy.deid.scoring import find_all  # noqa: PLC0415 - as above
        from fedaug.privacy.deid.scoring.canary import sample  # noqa: PLC0415 - as above
        from fedaug.privacy.deid.scoring.label_page import write_label_page  # noqa: PLC0415 - as above

        if out.suffix.lower() not in (".html", ".htm"):
            raise ConfigError("OUT is not named .html", "name it so, for a browser to open it")
        texts = sample(_texts(source, text_column, lines=lines), count, seed)
        found = None
        if prefill:
            found = list(find_all(_deidentifier(_tagging(load_policy(_DEFAULT_POLICY)), language), texts))
        write_label_page(out, texts, found)
        typer.echo(f"{len(texts):,} records on {out}: open it in a browser; it holds their texts in clear")


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


@app.command("key")
def make_key(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file; its owner alone can read it.")],
) -> None:
    """Make the secret that surrogates, shifted dates and encryption draw on. It never leaves the site.

    Keep it as long as surrogates are to stay the same, and no longer: who has it can test guesses at who is behind one.

    Example: fedaug deid key deid.key
    """
    with commands(), needs(_EXTRA):
        from fedaug.privacy.deid.batch import make_key_file  # noqa: PLC0415 - as above
        from fedaug.privacy.noise import SystemNoise  # noqa: PLC0415 - as above

        make_key_file(file, SystemNoise())


def _deidentifier(
    policy: DeidPolicy, language: str, keys: Keys | None = None, additions: SiteAdditions | None = None
) -> Deidentifier:
    from fedaug.privacy.deid import Deidentifier  # noqa: PLC0415 - as above

    _require_keys(policy, keys)
    surrogate, encryption = (None, None) if keys is None else (keys.surrogate, keys.encryption)
    return Deidentifier(policy, language=language, key=surrogate, encryption_key=encryption, additions=additions)


def _tagging(policy: DeidPolicy) -> DeidPolicy:
    """A policy that finds the same and needs no key: for findings alone."""
    from fedaug.privacy.deid.policies import OperatorChoice  # noqa: PLC0415 - as above

    return policy.model_copy(update={"default": OperatorChoice(operator="redact"), "entities": {}})


def _additions(file: Path | None) -> SiteAdditions | None:
    """What the site adds to the recognisers; relative paths start at the file's folder."""
    from pydantic import ValidationError  # noqa: PLC0415 - as above

    from fedaug.privacy.checked_toml import one_line, problems_of, read_toml  # noqa: PLC0415 - as above
    from fedaug.privacy.deid.additions import SiteAdditions  # noqa: PLC0415 - as above

    if file is None:
        return None
    name = "the additions file"
    try:
        found = SiteAdditions.model_validate(read_toml(file, name)).at(file.parent)
    except ValidationError as error:
        raise ConfigError(f"{name}: {one_line(problems_of(error))}", f"correct {name}") from None
    found.check()
    return found


def _require_keys(policy: DeidPolicy, keys: Keys | None) -> None:
    if keys is None and (policy.needs_surrogate_key or policy.needs_encryption_key):
        raise ConfigError(
            f"the policy {policy.name} draws on a secret",
            "make one with fedaug deid key FILE, and give --key-file FILE",
        )


def _replace(policy: DeidPolicy, language: str, keys: Keys | None) -> Any:  # noqa: ANN401  # a function of a cell
    """What stands in place of a whole cell."""
    from fedaug.privacy.deid.operators.replace import Replacer  # noqa: PLC0415 - as above
    from fedaug.privacy.deid.spans import Span  # noqa: PLC0415 - as above

    surrogate, encryption = (None, None) if keys is None else (keys.surrogate, keys.encryption)
    replacer = Replacer(policy, key=surrogate, encryption_key=encryption)

    def of_cell(cell: str, entity_type: str, document: Document) -> str:
        whole = Span(0, len(cell), entity_type, 1.0)
        spoken = document.language or ("en" if language == "auto" else language)
        return replacer.replace(cell, [whole], subject=document.subject, language=spoken)

    return of_cell


def _columns(choices: list[str], known: Collection[str], *, keep_others: bool) -> ColumnPolicy:
    from pydantic import ValidationError  # noqa: PLC0415 - as above

    from fedaug.privacy.deid.batch.plan import parsed_columns  # noqa: PLC0415 - as above
    from fedaug.privacy.deid.columns import ColumnPolicy  # noqa: PLC0415 - as above

    values = {"columns": dict(parsed_columns(choices)), "other_columns": "keep" if keep_others else "drop"}
    wrong = ConfigError("a --column's choice is none", "use keep, drop, text, or a type as fedaug deid types lists")
    try:
        policy = ColumnPolicy.model_validate(values)
    except ValidationError:
        raise wrong from None
    if any(one.entity_type is not None and one.entity_type not in known for one in policy.columns.values()):
        raise wrong
    return policy


def _texts(source: Path, column: str, *, lines: bool) -> Iterator[str]:
    """A file's texts, one by one."""
    from fedaug.privacy.deid.batch import Columns, open_source  # noqa: PLC0415 - as above

    rows, columns = open_source(source, lines=lines), Columns((column,))
    columns.require(rows)
    return (document.text for row in rows.rows() for document in columns.documents(row).values())


def _keys(file: Path | None) -> Keys | None:
    from fedaug.privacy.deid.batch import read_key_file  # noqa: PLC0415 - as above

    return None if file is None else read_key_file(file)


def _version() -> str:
    from fedaug import __version__  # noqa: PLC0415 - as above

    return __version__


def _totals(totals: Totals, policy: DeidPolicy) -> dict[str, Any]:
    return {
        "records": totals.rows,
        "written": totals.rows - totals.set_aside,
        "set_aside": totals.set_aside,
        "columns_left_out": totals.dropped,
        "found": dict(sorted(totals.found.items())),
        "policy": policy.name,
        "fingerprint": policy.fingerprint,
    }


def _told(totals: Totals, policy: DeidPolicy) -> Iterator[str]:
    written = totals.rows - totals.set_aside
    yield f"{written:,} of {totals.rows:,} records written; {totals.found.total():,} findings, by policy {policy.name}"
    if totals.set_aside:
        yield f"set aside, and not in the output: {totals.set_aside:,} records that could not be de-identified"
    if totals.dropped:
        yield f"left out: {totals.dropped} columns that nobody named; see --column and --keep-other-columns"
    yield "not looked at: what no recogniser finds is still in the text; fedaug deid score measures how much that is"
