"""Passwords of users: where a command takes them from, and `keystead self password` for one's own.

A source is `@FILE`, `-` (standard input) or `prompt`, as for the fields of an account; with `generate` the
server makes one, and it stands on standard output alone.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

import typer

from keystead.cli.connection import connect
from keystead.cli.failures import Misuse
from keystead.cli.fields import ask_hidden, gather, read_source
from keystead.cli.options import Json, option
from keystead.cli.output import document, done, note, secret
from keystead_client import Secret, owners
from keystead_client.records import NewPassword

__all__ = ["Password", "hand_out", "own_password", "password_from"]

Password = Annotated[
    str | None,
    option(
        "SOURCE",
        "For users: @FILE, - (standard input), prompt, or generate: made by the server, shown once.",
    ),
]
Current = Annotated[str, option("SOURCE", "The one until now: @FILE, - or prompt.")]
New = Annotated[str, option("SOURCE", "The new one: @FILE, - or prompt.")]

_OTHERWISE: Final = "@FILE or -"


def password_from(source: str | None) -> Secret | Literal["generate"] | None:
    """Fetch the password that `--password` names; None where it is not given.

    Raises:
        Misuse: it names no source, or what it names cannot be read.
    """
    if source is None:
        return None
    if source == "generate":
        return "generate"
    return _fetched("password", source, "--password", twice=True)


def hand_out(made: NewPassword, *, as_json: bool) -> None:
    """Print a password that was made, and as a note whose it is."""
    if as_json:
        document({"owner": made.owner.raw, "password": made.password.reveal()})
        return
    note(f"{made.owner.id} ({made.owner.name}) has a new password; shown only this once:")
    secret(made.password.reveal())


def own_password(
    context: typer.Context,
    *,
    current: Current = "prompt",
    new: New = "prompt",
    json: Json = False,
) -> None:
    """Change your own password."""
    if current == new == "-":
        raise Misuse("standard input can give only one of --current and --new")
    if "generate" in {current, new}:
        raise Misuse("one's own password is not made by the server: say @FILE, - or prompt")
    old = _fetched("current password", current, "--current", twice=False)
    fresh = _fetched("new password", new, "--new", twice=True)
    connect(context).send(owners.change_password(old, fresh))
    done({"changed": True}, "your password is changed", as_json=json)


def _fetched(field: str, source: str, option_name: str, *, twice: bool) -> Secret:
    def ask(name: str) -> str:
        return ask_hidden(name, f"{option_name} {_OTHERWISE}", twice=twice)

    found = read_source(field, source, option_name)
    return gather([found], prompt=ask)[field]
