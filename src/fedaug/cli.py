"""The ``fedaug`` command: puts the parts' commands together, and is the outermost boundary for errors.

Nothing heavy is imported here or in the modules that define commands: what a command needs it imports when it runs.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from typing import Annotated

import typer

from fedaug import (
    __version__,
    data_cli,
    deid_cli,
    deid_files_cli,
    deid_policy_cli,
    enrolment_cli,
    generate_cli,
    keys_cli,
    log_cli,
    planning_cli,
)
from fedaug.client import cli as client_cli
from fedaug.client import ledger_cli, refused_cli
from fedaug.client import report_cli as site_report_cli
from fedaug.console import INTERRUPTED, debugging, defect_line, keep_interrupts, one_line, quiet_libraries, yield_cores
from fedaug.errors import FedaugError
from fedaug.server import bundle_cli, report_cli
from fedaug.simulation import audit_cli
from fedaug.simulation import cli as simulation_cli

app = typer.Typer(
    name="fedaug",
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # they would print local variables, and with them records
    help="Privacy-preserving federated augmentation: sites enlarge each other's training data without showing it.",
    epilog="Errors are one line: a code, what happened, what to do. Exit status: 2 input, 3 refused, 1 a defect.",
)
client_cli.site.command(name="report")(site_report_cli.report)
client_cli.site.command(name="refused")(refused_cli.refused)
app.add_typer(client_cli.site, name="site")
app.command(name="keys")(keys_cli.keys)
app.add_typer(enrolment_cli.app, name="enrolment")
app.add_typer(log_cli.app, name="log")
app.add_typer(ledger_cli.app, name="ledger")
app.add_typer(bundle_cli.app, name="bundle")
app.add_typer(planning_cli.policy, name="policy")
app.add_typer(planning_cli.budget, name="budget")
app.command(name="generate")(generate_cli.generate)
app.command(name="simulate")(simulation_cli.simulate)
app.command(name="audit")(audit_cli.audit)
app.command(name="report")(report_cli.report)
app.add_typer(data_cli.app, name="data")
deid_files_cli.app.add_typer(deid_cli.app)
deid_files_cli.app.add_typer(deid_policy_cli.app, name="policy")
app.add_typer(deid_files_cli.app, name="deid")


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"fedaug {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    *,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    pass


def run(arguments: Sequence[str]) -> int:
    """Run one command; returns its exit status. No exception leaves, and no traceback unless ``FEDAUG_DEBUG=1``."""
    try:
        app(args=list(arguments), prog_name="fedaug")
    except SystemExit as stop:  # how typer ends every command
        return stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    except BrokenPipeError:  # the reader of our output has gone, as `fedaug … | head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        typer.echo("interrupted", err=True)
        return INTERRUPTED
    except BaseException as error:  # extension modules raise panics that are no Exceptions
        if debugging():
            traceback.print_exception(error)
        if isinstance(error, FedaugError):
            typer.echo(one_line(str(error)), err=True)
            return error.exit_status
        typer.echo(defect_line(error), err=True)
        return 1
    return 0


def main() -> None:
    """The entry point of the ``fedaug`` command."""
    keep_interrupts()
    yield_cores()
    quiet_libraries()
    sys.exit(run(sys.argv[1:]))
