"""``fedaug deid apply``, ``decrypt`` and ``key``: whole files, and the secret that some policies draw on.

Nothing that these commands print holds a text of the files that they read.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from fedaug import __version__
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
    Source,
    additions_of,
    counted,
    deidentifier,
    keys_of,
    require_keys,
)
from fedaug.errors import ConfigError
from fedaug.privacy.deid.policies import DEFAULT_POLICY

if TYPE_CHECKING:
    from fedaug.privacy.deid.batch import Columns, Totals
    from fedaug.privacy.deid.columns import ColumnPolicy
    from fedaug.privacy.deid.policies import DeidPolicy

app = typer.Typer(no_args_is_help=True, help="De-identify files; measure what is missed; label a sample of your own.")

_MOST_LINES: Final = 10  # that a summary names; --json has more

Processes = Annotated[int, typer.Option("--processes", min=1, help="Worker processes.")]
SubjectColumn = Annotated[
    str | None,
    typer.Option("--subject-column", help="Whom a record is about: one subject, one surrogate for each name."),
]


@app.command("apply")
def apply_policy(
    source: Source,
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The result, in the same format.")],
    *,
    policy: Policy = DEFAULT_POLICY,
    language: Language = "en",
    text_columns: Annotated[
        list[str] | None, typer.Option("--text-column", help="A column of free text; repeatable. [default: text]")
    ] = None,
    choices: Annotated[
        list[str] | None,
        typer.Option("--column", metavar="NAME=CHOICE", help="keep, drop, or its type, such as PERSON; repeatable."),
    ] = None,
    keep_others: Annotated[
        bool, typer.Option("--keep-other-columns", help="Keep columns that are not named as they are; else drop them.")
    ] = False,
    subject_column: SubjectColumn = None,
    language_column: Annotated[
        str | None, typer.Option("--language-column", help="A record's own language, such as es; if empty, --language.")
    ] = None,
    key_file: KeyFile = None,
    additions: Additions = None,
    processes: Processes = 1,
    lines: Lines = False,
    delimiter: Delimiter = ",",
    resume: Annotated[bool, typer.Option("--resume", help="Go on where an earlier run was cut off.")] = False,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """De-identify a file: the same format out, record by record, in memory that does not grow with it.

    Columns that are not named are left out, since nothing in them was looked at. A column with a type, as in --column
    name=PERSON, is replaced as a whole, and its value is looked for in the record's text.

    A record that cannot be de-identified is left out and counted, its line is told, and the exit status is 0 all the
    same; if that is so for every record, it is 2, and there is no output. OUT appears when all of it is done.

    Example: fedaug deid apply notes.csv clean.csv --column name=PERSON --column ward=keep --processes 4
    """
    with commands(interrupted="interrupted; the same command with --resume goes on"), needs(EXTRA):
        # --help shall not wait for these
        from fedaug.privacy.deid.batch import Columns, Job, delimiter_of, open_source, run  # noqa: PLC0415 - as said
        from fedaug.privacy.deid.entities import ENTITIES  # noqa: PLC0415 - as above
        from fedaug.privacy.deid.policies import load_policy  # noqa: PLC0415 - as above

        _require_out(source, out, overwrite=overwrite)
        _require_begun(out, resume=resume, overwrite=overwrite)
        rows = open_source(source, lines=lines, delimiter=delimiter_of(delimiter))
        chosen, keys = load_policy(policy), keys_of(key_file)
        beside = _columns(choices or [], {*ENTITIES, *chosen.own_types}, keep_others=keep_others)
        columns = Columns(tuple(text_columns or [DEFAULT_TEXT]), beside, subject_column, language_column)
        columns.require(rows)
        beside.require_effect(chosen)
        _require_subject(columns, chosen)
        require_keys(chosen, keys)
        own = additions_of(additions)
        with ConsoleNarrator() as narrator:
            narrator.phase("checking the source")
            count = columns.checked(rows)  # a bad row is told before hours of work
            narrator.phase("loading the recognisers")
            finder = deidentifier(chosen, language, keys, own)
            settings = {
                "additions": None if own is None else own.fingerprint(),
                **{"policy": chosen.fingerprint, "language": language, "lines": lines, "version": __version__},
                **{"columns": repr(columns), "key": None if keys is None else keys.mark, "delimiter": delimiter},
            }
            job = Job(rows, source, out, columns, finder.replace_whole, settings, processes)
            narrator.phase("de-identifying")
            narrator.step(0, count)
            totals = run(job, finder, resume=resume, progress=lambda done: narrator.step(done, count))
        typer.echo(json.dumps(_totals(totals, chosen)) if as_json else "\n".join(_told(totals, chosen)))


@app.command()
def decrypt(
    source: Source,
    *,
    out: Annotated[Path, typer.Option("--out", metavar="OUT", help="The result, in the same format.")],
    key_file: Annotated[Path, typer.Option("--key-file", help="What it was encrypted with.")],
    text_columns: Annotated[
        list[str] | None, typer.Option("--text-column", help="A column to look at; repeatable. All, if none is named.")
    ] = None,
    subject_column: Annotated[
        str | None, typer.Option("--subject-column", help="The same as when it was encrypted.")
    ] = None,
    lines: Lines = False,
    delimiter: Delimiter = ",",
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Turn what a policy encrypted in a file back into what stood there. The result holds personal data in clear.

    Every value is authenticated: if one was changed, or is another key's or another subject's, its line is told, the
    exit status is 2, and there is no output.

    Example: fedaug deid decrypt clean.csv --out restored.csv --key-file deid.key
    """
    with commands(), needs(EXTRA):
        from fedaug.privacy.deid.batch import (  # noqa: PLC0415 - as above
            decrypt_file,
            delimiter_of,
            open_source,
            read_key_file,
        )

        _require_out(source, out, overwrite=overwrite)
        rows = open_source(source, lines=lines, delimiter=delimiter_of(delimiter))
        key = read_key_file(key_file).encryption
        done = decrypt_file(rows, out, key, columns=text_columns or (), subject=subject_column, overwrite=overwrite)
        if as_json:
            typer.echo(json.dumps({"records": done.rows, "decrypted": done.values}))
        else:
            where = f"decrypted in {counted(done.rows, 'record')}; {out} holds them in clear"
            typer.echo(f"{counted(done.values, 'value')} {where}" if done.values else "nothing in it was encrypted")


@app.command("key")
def make_key(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file; its owner alone can read it.")],
) -> None:
    """Make the secret that surrogates, shifted dates and encryption draw on. It never leaves the site.

    Keep it as long as surrogates are to stay the same, and no longer: who has it can test guesses at who is behind one.

    Example: fedaug deid key deid.key
    """
    with commands(), needs(EXTRA):
        from fedaug.privacy.deid.batch import make_key_file  # noqa: PLC0415 - as above
        from fedaug.privacy.noise import SystemNoise  # noqa: PLC0415 - as above

        make_key_file(file, SystemNoise())


def _require_out(source: Path, out: Path, *, overwrite: bool) -> None:
    """Tell before hours of work what would go wrong after them."""
    from fedaug.privacy.deid.batch import require_another, require_output  # noqa: PLC0415 - as above

    if source.suffix.lower() != out.suffix.lower():
        raise ConfigError("IN and OUT have different suffixes", "the format stays: name OUT accordingly")
    require_another(out, source)
    require_output(out, overwrite=overwrite)


def _require_begun(out: Path, *, resume: bool, overwrite: bool) -> None:
    from fedaug.privacy.deid.batch import is_begun  # noqa: PLC0415 - as above

    if resume and not is_begun(out):
        typer.echo("nothing to resume: it begins at the first record", err=True)
    if not resume and not overwrite and is_begun(out):
        raise ConfigError("an earlier run was cut off", "go on with --resume, or begin anew with --overwrite")


def _require_subject(columns: Columns, policy: DeidPolicy) -> None:
    if policy.needs_encryption_key and not columns.keeps_subject():
        raise ConfigError(
            "what is encrypted is bound to its subject, whose column would not be in the output as it is",
            "add --column NAME=keep for it, or leave --subject-column out",
        )


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


def _totals(totals: Totals, policy: DeidPolicy) -> dict[str, Any]:
    return {
        "records": totals.rows,
        "written": totals.rows - totals.set_aside,
        "set_aside": totals.set_aside,
        "set_aside_reasons": dict(sorted(totals.reasons.items())),
        "set_aside_lines": totals.lines,
        "columns_left_out": totals.dropped,
        "found": dict(sorted(totals.found.items())),
        "policy": policy.name,
        "fingerprint": policy.fingerprint,
    }


def _told(totals: Totals, policy: DeidPolicy) -> Iterator[str]:
    written = totals.rows - totals.set_aside
    found = counted(totals.found.total(), "finding")
    yield f"{written:,} of {counted(totals.rows, 'record')} written; {found}, by policy {policy.name}"
    if totals.set_aside:
        yield f"set aside, and not in the output: {counted(totals.set_aside, 'record')} that could not be de-identified"
        yield from (f"  {number:,}: {reason}" for reason, number in totals.reasons.most_common())
        more = totals.set_aside - _MOST_LINES
        lines = ", ".join(map(str, totals.lines[:_MOST_LINES]))
        yield f"  in the source they begin on line {lines}{f' and {more:,} more' if more > 0 else ''}"
    if totals.dropped:
        columns = counted(totals.dropped, "column")
        yield f"left out: {columns} that nobody named; see --column and --keep-other-columns"
    yield "not looked at: what no recogniser finds is still in the text; fedaug deid score measures how much that is"
