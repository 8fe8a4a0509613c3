"""Turns back what a policy encrypted in a file: every cell of text that holds tokens, whatever its column is."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from fedaug.errors import ConfigError, MissingColumn, SealError
from fedaug.privacy.deid.batch.formats import Row, Source
from fedaug.privacy.deid.batch.plan import column_hint, subject_of
from fedaug.privacy.deid.operators.encrypt import count_tokens, decrypt_text
from fedaug.privacy.files import whole_file

_SUBJECT: Final = "give the --subject-column that it was encrypted with, or none if there was none; or restore the file"


@dataclass
class Decrypted:
    """What became of a file.

    Attributes:
        rows: Written.
        values: Turned back in them.
    """

    rows: int = 0
    values: int = 0


def decrypt_file(
    source: Source,
    out: Path,
    key: bytes,
    *,
    columns: Collection[str] = (),
    subject: str | None = None,
    overwrite: bool = False,
    progress: Callable[[int], None] = lambda done: None,
) -> Decrypted:
    """Write a file with every token in it turned back into what it stands for. Its owner alone can read it.

    Args:
        source: As :func:`~fedaug.privacy.deid.batch.run` left it.
        out: Where the result goes, in the same format.
        key: What it was encrypted with.
        columns: Those that are looked at; all, if none is named.
        subject: The column of whom a record is about, if there was one.
        overwrite: Whether ``out`` may be there already.
        progress: Called with the number of rows that are done.

    Raises:
        MissingColumn: A named column is not in the source.
        SealError: A value cannot be turned back; the line is named, and there is no output.
        InputError: A row is bad; there is no output.
        ConfigError: The output is there already, or cannot be written.
    """
    wanted = {*columns, subject} - {None}
    if source.columns is not None and (missing := sorted(str(name) for name in wanted - {*source.columns})):
        raise MissingColumn(f"the source has no column {missing[0]}", column_hint(source.columns))
    done = Decrypted()
    try:
        with whole_file(out, overwrite=overwrite) as file:
            file.write(source.head(source.columns or ()))
            for row in source.rows():
                file.write(source.written(_turned_back(row, key, columns, subject, done), source.columns))
                done.rows += 1
                progress(done.rows)
    except FileExistsError:
        raise ConfigError("the output is there already", "choose another name, or give --overwrite") from None
    except OSError:
        raise ConfigError("the output cannot be written", "check its folder and the space on the disk") from None
    return done


def _turned_back(
    row: Row, key: bytes, columns: Collection[str], subject: str | None, done: Decrypted
) -> dict[str, Any]:
    whose = subject_of(row, subject)
    values = dict(row.values)
    for name, value in row.values.items():
        if not isinstance(value, str) or (columns and name not in columns):
            continue
        try:
            values[name] = decrypt_text(value, key, subject=whose)
        except SealError as error:
            todo = _SUBJECT if "subject" in error.what else error.todo
            reason = SealError(f"line {row.line} of the source: {error.what}", todo)
        else:
            done.values += count_tokens(value)
            continue
        raise reason
    return values
