"""The whole command line on one screen, and how it starts and ends."""

from __future__ import annotations

import os
import sys
from collections.abc import MutableMapping, Sequence
from functools import cache
from importlib import import_module
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup
from typer.main import get_group

from keystead.cli.connection import ConnectionOptions
from keystead.cli.credentials.summary import summary
from keystead.cli.credentials.verify import verify
from keystead.cli.failures import Exit, Failure, Misuse, tell
from keystead.cli.house.installation import doctor, init, join, serve
from keystead.cli.house.move import migrate_store
from keystead.cli.house.whoami import whoami
from keystead.cli.vault.get import get

__all__ = ["app", "main", "run"]

# No ruled help and no drawn tracebacks: help has to read the same in a file, and Rich would print the
# values of local variables, secrets among them.
app = typer.Typer(
    name="keystead",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    epilog=(
        "Exit codes: 0 done, 1 unexpected, 2 usage, 3 refused, 4 not found, 5 conflict, "
        "6 invalid input, 7 unavailable, 8 audit chain not intact, 9 misconfigured installation."
    ),
)


def _later(module: str) -> type[TyperGroup]:
    """Make a kind of group that imports its commands when one of them is wanted."""

    @cache
    def read() -> MutableMapping[str, Any]:
        found: typer.Typer = import_module(f"keystead.cli.{module}").app
        found.rich_markup_mode = app.rich_markup_mode
        return get_group(found).commands

    class Later(TyperGroup):
        @property
        def commands(self) -> MutableMapping[str, Any]:
            return read()

        @commands.setter
        def commands(self, none: object) -> None:
            """Take the empty set that Typer begins with."""

    return Later


app.command()(init)
app.command()(join)
app.command()(serve)
app.command("migrate-store")(migrate_store)
app.command()(doctor)
app.command()(whoami)
app.command()(get)
app.command()(verify)
app.command()(summary)
for name, module, sentence in (
    ("token", "credentials.tokens", "Make, show, change and end API tokens."),
    ("key", "credentials.keys", "Make, show, change, rotate, refresh and end API keys."),
    ("client", "credentials.clients", "Make, show, change, rotate and end OAuth clients."),
    ("self", "credentials.own", "Rotate or end the credential in use; change your password."),
    ("api", "catalogue.apis", "Register, show and change APIs and their catalogues."),
    ("folder", "vault.folders", "Make, show and delete folders; grant rights on them."),
    ("account", "vault.accounts", "Make, show and delete accounts; set their secrets."),
    ("owner", "house.owners", "Make, show and change users and applications."),
    ("group", "house.groups", "Make, show and change groups of owners."),
    ("settings", "house.settings", "Show and change the organisation's rules for credentials."),
    ("signing-key", "house.signing_keys", "Show and rotate the keys that sign access tokens."),
    ("master-key", "house.master_key", "Make a master key, and rotate the one in force."),
    ("keyring", "house.keyring", "Show and rotate the keys that seal values and find secrets."),
    ("audit", "audit.commands", "Read, verify and export the audit."),
):
    app.add_typer(typer.Typer(cls=_later(module), help=sentence), name=name)


def _version(wanted: bool) -> None:  # noqa: FBT001  # Typer's callbacks take the value alone
    if wanted:
        from importlib.metadata import version

        sys.stdout.write(f"keystead {version('keystead')}\n")
        raise typer.Exit


@app.callback()
def before_the_command(
    context: typer.Context,
    *,
    insecure_http: Annotated[
        bool,
        typer.Option(
            "--insecure-http", help="Let the token go over plain HTTP beyond this machine."
        ),
    ] = False,
    version: Annotated[  # noqa: ARG001  # acts by its callback
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Keystead gives programs their credentials and keeps them under control.

    Commands on a server read KEYSTEAD_URL, KEYSTEAD_TOKEN or KEYSTEAD_TOKEN_FILE, and
    KEYSTEAD_CA_FILE (PEM: the authorities to trust instead of the system's).
    """
    context.obj = ConnectionOptions(insecure_http=insecure_http)


def main() -> NoReturn:
    """Run the command line of this process."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code."""
    # Asked here and not of the command: a line that cannot be parsed has no command yet.
    as_json = "--json" in arguments
    try:
        _require_text(arguments)
        ended = app(args=list(arguments) or ["--help"], prog_name="keystead", standalone_mode=False)
        sys.stdout.flush()
    except typer.TyperException as error:
        tell(Failure(Exit.USAGE, "usage", _usage(error)), as_json=as_json)
        return Exit.USAGE
    except typer.Abort:
        tell(Failure(Exit.INTERRUPTED, "interrupted", "interrupted"), as_json=as_json)
        return Exit.INTERRUPTED
    except BrokenPipeError:
        # Whoever read has gone. Without this the interpreter would complain once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.UNEXPECTED
    except Exception as error:  # noqa: BLE001  # the outermost: whatever it is becomes a sentence
        from keystead.cli.endings import explain

        failure = explain(error)
        tell(failure, as_json=as_json, cause=error)
        return failure.exit
    return ended if isinstance(ended, int) else Exit.DONE


def _require_text(arguments: Sequence[str]) -> None:
    # Bytes that are no text come from the system as halves of surrogate pairs.
    if any("\ud800" <= character <= "\udfff" for character in "".join(arguments)):
        raise Misuse("the command line is not UTF-8 text")


def _usage(error: typer.TyperException) -> str:
    sentence = error.format_message().rstrip(".")
    context = getattr(error, "ctx", None)
    return sentence if context is None else f"{sentence}. See: {context.command_path} --help"
