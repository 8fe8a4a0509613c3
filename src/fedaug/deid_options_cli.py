"""What the commands of ``fedaug deid`` share: options, and what is built from them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from fedaug.errors import ConfigError

if TYPE_CHECKING:
    from fedaug.privacy.deid import Deidentifier
    from fedaug.privacy.deid.additions import SiteAdditions
    from fedaug.privacy.deid.batch import Keys
    from fedaug.privacy.deid.policies import DeidPolicy

EXTRA: Final = "client"
DEFAULT_TEXT: Final = "text"

Source = Annotated[Path, typer.Argument(metavar="IN", help="A .csv, .jsonl, .ndjson or .txt file.")]
Policy = Annotated[str, typer.Option("--policy", help="A policy's name, or the path of your own .toml file.")]
Language = Annotated[str, typer.Option("--language", help="The texts' language: en, es, or auto to tell by each text.")]
KeyFile = Annotated[Path | None, typer.Option("--key-file", help="For surrogates; fedaug deid key makes one.")]
TextColumn = Annotated[str, typer.Option("--text-column", help="The column of free text.")]
Lines = Annotated[bool, typer.Option("--lines", help="Each line of a .txt is a record; else the whole file is one.")]
Delimiter = Annotated[str, typer.Option("--delimiter", help="Between the fields of a .csv: a character, or tab.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="The output may be there already, and is replaced.")]
Additions = Annotated[
    Path | None, typer.Option("--additions", metavar="FILE", help="A .toml file with your own lists, patterns, models.")
]
Seed = Annotated[int, typer.Option("--seed", min=0, help="What is drawn depends on it alone.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object in place of text.")]


def deidentifier(
    policy: DeidPolicy, language: str, keys: Keys | None = None, additions: SiteAdditions | None = None
) -> Deidentifier:
    """The de-identifier that the options describe.

    Raises:
        ConfigError: The policy draws on a secret, and there is none; or the language has no recognisers.
    """
    from fedaug.privacy.deid import Deidentifier  # noqa: PLC0415 - --help shall not wait for it

    require_keys(policy, keys)
    surrogate, encryption = (None, None) if keys is None else (keys.surrogate, keys.encryption)
    return Deidentifier(policy, language=language, key=surrogate, encryption_key=encryption, additions=additions)


def require_keys(policy: DeidPolicy, keys: Keys | None) -> None:
    """Refuse a policy that draws on a secret where there is none.

    Raises:
        ConfigError: So it is.
    """
    if keys is None and (policy.needs_surrogate_key or policy.needs_encryption_key):
        raise ConfigError(
            f"the policy {policy.name} draws on a secret",
            "make one with fedaug deid key FILE, and give --key-file FILE",
        )


def finding_alone(policy: DeidPolicy) -> DeidPolicy:
    """A policy that finds the same and needs no key."""
    from fedaug.privacy.deid.policies import OperatorChoice  # noqa: PLC0415 - as above

    return policy.model_copy(update={"default": OperatorChoice(operator="redact"), "entities": {}})


def additions_of(file: Path | None) -> SiteAdditions | None:
    """What the site adds to the recognisers; relative paths start at the file's folder.

    Raises:
        ConfigError: A setting in the file is wrong, or what it names cannot be used.
    """
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


def keys_of(file: Path | None) -> Keys | None:
    """The secrets of a key file, if one was given."""
    from fedaug.privacy.deid.batch import read_key_file  # noqa: PLC0415 - as above

    return None if file is None else read_key_file(file)


def texts_of(source: Path, column: str, *, lines: bool, delimiter: str) -> Iterator[str]:
    """A file's texts, one by one."""
    from fedaug.privacy.deid.batch import Columns, delimiter_of, open_source  # noqa: PLC0415 - as above

    rows = open_source(source, lines=lines, delimiter=delimiter_of(delimiter))
    columns = Columns((column,))
    columns.require(rows)
    return (document.text for row in rows.rows() for document in columns.documents(row).values())


def counted(number: int, thing: str) -> str:
    """``1 record``, ``1,200 records``."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"
