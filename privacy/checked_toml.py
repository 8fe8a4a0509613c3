"""Reads TOML files of settings, and says what is wrong with them in one line that quotes no value."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from fedaug.errors import ConfigError

_MOST_FILE_BYTES: Final = 2**20  # a label set at its limits takes 2,000 lines
_MOST_PROBLEMS: Final = 3
_PLAIN_PATH: Final = re.compile(r"[A-Za-z0-9_.-]{1,100}")


class Settings(BaseModel):
    """What every part of the settings shares: frozen, closed, and never quoting its input in an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


def read_toml(path: Path, name: str, *, missing: ConfigError | None = None) -> dict[str, Any]:
    """The plain values of a TOML file.

    Args:
        path: Where it is.
        name: What messages call it, such as ``site.toml``.
        missing: Raised if there is no such file, in place of a general error.

    Raises:
        ConfigError: It is missing, unreadable, over 1 MiB, not UTF-8 or not TOML. Names a line, quotes no value.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_FILE_BYTES + 1)
        if len(data) > _MOST_FILE_BYTES:
            raise ConfigError(f"{name} is over 1 MiB", "shorten it")
        return tomllib.loads(data.decode())
    except (FileNotFoundError, NotADirectoryError):
        raise missing or ConfigError(f"{name} is not there", "check the path") from None
    except (OSError, ValueError) as error:
        raise _unreadable(error, name) from None
    except RecursionError:
        raise ConfigError(f"{name} is not valid TOML at its end", "correct it") from None


def _unreadable(error: OSError | ValueError, name: str) -> ConfigError:
    if isinstance(error, UnicodeDecodeError):
        return ConfigError(f"{name} is not UTF-8 text", "convert it to UTF-8")
    if isinstance(error, tomllib.TOMLDecodeError):
        line = re.search(r"\(at line (\d+),", str(error))  # the rest of the message may quote a value
        where = f"line {line[1]}" if line else "its end"
        return ConfigError(f"{name} is not valid TOML at {where}", "correct it")
    return ConfigError(f"{name} cannot be read", "check its path and permissions")


def problems_of(error: ValidationError) -> list[ErrorDetails]:
    """What a validation found, without inputs."""
    return error.errors(include_input=False, include_url=False, include_context=False)


def one_line(problems: Sequence[ErrorDetails]) -> str:
    """The first few problems: each wrong setting by its path, and no value."""
    lines = [_line(problem["loc"], problem["type"], problem["msg"]) for problem in problems]
    more = f" and {len(lines) - _MOST_PROBLEMS} more" if len(lines) > _MOST_PROBLEMS else ""
    return ", ".join(lines[:_MOST_PROBLEMS]) + more


def _line(location: tuple[int | str, ...], kind: str, message: str) -> str:
    path = ".".join(str(part) for part in location)
    # A key is the user's own words: shown when it looks like a setting's name, since it is then a slip of the pen.
    path = path if not path or _PLAIN_PATH.fullmatch(path) else "something"
    if kind == "extra_forbidden":
        return f"{path} is not a setting"
    if kind == "missing":
        return f"{path} is missing"
    message = message.removeprefix("Value error, ")
    return f"{path}: {message[:1].lower()}{message[1:]}" if path else message
