"""What all commands share: how errors end them, how progress is told, and what reaches the terminal besides."""

from __future__ import annotations

import getpass
import logging
import os
import sys
import threading
import time
import warnings
from _thread import interrupt_main
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Final, Self, TextIO

import typer
from rich.console import Console, RenderableType
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

from fedaug.errors import ConfigError, DefectError, FedaugError, MissingExtra

INTERRUPTED: Final = 130  # what a shell reports for a command that Ctrl-C ended
_AGAIN_SECONDS: Final = 0.02
DEBUG: Final = "FEDAUG_DEBUG"
_STEP_LINE_SECONDS: Final = 15.0  # without a terminal, a long phase tells so often how far it is


@contextmanager
def commands(*, interrupted: str = "interrupted") -> Iterator[None]:
    """Runs a command's body: an error of fedaug becomes one line on standard error and its exit status.

    Any other exception passes, for :func:`defect_line` at the outermost boundary.

    Args:
        interrupted: The line that Ctrl-C ends the command with.
    """
    try:
        yield
    except FedaugError as error:
        if debugging():
            raise
        typer.echo(one_line(str(error)), err=True)
        raise typer.Exit(error.exit_status) from None
    except KeyboardInterrupt:
        typer.echo(interrupted, err=True)
        raise typer.Exit(INTERRUPTED) from None


def defect_line(error: BaseException) -> str:
    """What is said about an exception that nobody foresaw: its type only, since its text may quote a record."""
    defect = DefectError(
        f"fedaug failed with {type(error).__name__}",
        f"report it with this line; {DEBUG}=1 shows where, and may show what is in records",
    )
    return str(defect)


def debugging() -> bool:
    """Whether whole tracebacks were asked for, by ``FEDAUG_DEBUG=1``."""
    return os.environ.get(DEBUG) == "1"


def one_line(text: str) -> str:
    """Text without line breaks and control characters: a file's name may hold either."""
    return "".join(character if character.isprintable() else " " for character in text)


@contextmanager
def needs(extra: str) -> Iterator[None]:
    """Wraps the imports of a command that needs an optional part of fedaug.

    Raises:
        MissingExtra: A package is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] == "fedaug":
            raise
        raise MissingExtra(
            f"this command needs the package {error.name}", f"install it: pip install 'fedaug[{extra}]'"
        ) from None


def ask_twice(question: str) -> str:
    """Ask for a new passphrase: a slip of the finger in it would lock its owner out.

    Raises:
        ConfigError: The two answers differ.
    """
    first = getpass.getpass(question)
    if getpass.getpass("The same again: ") != first:
        raise ConfigError("the two passphrases differ", "begin again")
    return first


def quiet_libraries() -> None:
    """Lets fedaug's own warnings through, one line each on standard error, and nothing else's.

    Libraries log and warn about texts they were given, and draw progress bars that nobody asked for.
    """
    logging.getLogger().addHandler(logging.NullHandler())  # or Python prints every library's warnings itself
    ours = logging.getLogger("fedaug")
    if not any(isinstance(handler, _Lines) for handler in ours.handlers):
        ours.addHandler(_Lines())
    for name in ("flwr", "transformers"):  # they bring handlers of their own, and set their level when imported
        logging.getLogger(name).addFilter(_only_errors)
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # ε on a terminal that knows ASCII only


def keep_interrupts() -> None:
    """Has Ctrl-C end a command also where it comes while an object is deleted: Python would print it and go on."""
    sys.unraisablehook = _interrupt_again


def _interrupt_again(lost: sys.UnraisableHookArgs, /) -> None:
    """The hook for exceptions that cannot be raised: an interrupt comes again a moment later."""
    if issubclass(lost.exc_type, KeyboardInterrupt):
        threading.Timer(_AGAIN_SECONDS, interrupt_main).start()
    else:
        sys.__unraisablehook__(lost)


def yield_cores() -> None:
    """Has torch's threads sleep while they wait for each other; takes effect only before torch is loaded.

    By default they spin, and where other programs want the cores too that costs a multiple of the work: 400 short texts
    took 13.6 CPU seconds to embed on two busy cores, and 2.2 so.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")


def _only_errors(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.ERROR


class _Lines(logging.Handler):
    """One line a record, to what standard error is at that time: a progress bar takes its place while drawn."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record; never its exception, whose text may quote a record."""
        sys.stderr.write(one_line(record.getMessage()) + "\n")


class ConsoleNarrator:
    """Tells a person how far a job is: bars on a terminal, plain lines elsewhere. Use it as a context manager.

    Args:
        stream: Where to tell; standard error by default, so that standard output holds results only.
        clock: Seconds.
    """

    def __init__(self, stream: TextIO | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream or sys.stderr
        self._clock = clock
        self._began = self._told = clock()
        self._bars = _bars(self._stream) if self._stream.isatty() else None
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        if self._bars is not None:
            self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._bars is not None:
            self._end_phase(finished=kind is None)
            self._bars.stop()

    def phase(self, name: str) -> None:
        """A phase begins; the one before has ended."""
        if self._bars is None:
            self._line(name)
            return
        self._end_phase(finished=True)
        self._task = self._bars.add_task(name, total=None, counted=False)

    def step(self, done: int, total: int) -> None:
        """So much of the phase is done."""
        if self._bars is not None:
            if self._task is not None:
                self._bars.update(self._task, completed=done, total=total, counted=True)
        elif self._clock() - self._told >= _STEP_LINE_SECONDS:
            self._line(f"{done:,} of {total:,}")

    def _line(self, text: str) -> None:
        self._told = self._clock()
        self._stream.write(f"{self._told - self._began:6.1f} s  {text}\n")
        self._stream.flush()

    def _end_phase(self, *, finished: bool) -> None:
        if self._bars is None or self._task is None:
            return
        if finished:
            total = self._bars.tasks[self._bars.task_ids.index(self._task)].total or 1
            self._bars.update(self._task, completed=total, total=total)
        self._bars.stop_task(self._task)
        self._task = None


class _Counted(ProgressColumn):
    """Another column, from the first step on: a phase that reports none has nothing to show there."""

    def __init__(self, inner: ProgressColumn) -> None:
        super().__init__()
        self._inner = inner

    def render(self, task: Task) -> RenderableType:
        """The other column, or nothing."""
        return self._inner.render(task) if task.fields["counted"] else ""


def _bars(stream: TextIO) -> Progress:
    columns = (_Counted(BarColumn()), _Counted(MofNCompleteColumn()), TimeElapsedColumn())
    what = (SpinnerColumn(finished_text="✓"), TextColumn("{task.description}", markup=False))
    return Progress(*what, *columns, console=Console(file=stream))
