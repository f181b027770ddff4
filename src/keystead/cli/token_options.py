"""What several token commands share: their options, and how a token is shown."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from keystead.cli.output import document, facts, instant, note, secret
from keystead_client.records import Access, Credential, Issued, LastUse, SecretState

__all__ = [
    "EXPIRES",
    "Levels",
    "Metadata",
    "Networks",
    "Scopes",
    "Token",
    "hand_out",
    "say_state",
    "show_token",
]

EXPIRES: Final = (
    "When it ends: a span such as 30d, an instant such as 2027-01-31T18:00:00Z, or never."
)

Token = Annotated[str, typer.Argument(metavar="TOKEN", help="Its id, public id or name.")]
Scopes = Annotated[
    list[str],
    typer.Option(
        "--scope",
        metavar="RESOURCE:ACTION",
        help="What it may do, such as secrets:read. May be given several times.",
        default_factory=list,
        show_default=False,
    ),
]
Levels = Annotated[
    list[str],
    typer.Option(
        "--level",
        metavar="RESOURCE=read|write",
        help="Or a whole level of a resource, such as accounts=read.",
        default_factory=list,
        show_default=False,
    ),
]
Networks = Annotated[
    list[str],
    typer.Option(
        "--network",
        metavar="NETWORK",
        help="Address, CIDR or range from which alone it is accepted. None: from anywhere.",
        default_factory=list,
        show_default=False,
    ),
]
Metadata = Annotated[
    list[str],
    typer.Option(
        "--metadata",
        metavar="NAME=VALUE",
        help="A text to keep with it.",
        default_factory=list,
        show_default=False,
    ),
]


def hand_out(issued: Issued, verb: str, *, as_json: bool, quiet: bool) -> None:
    """Print a new secret, and as a note whose it is."""
    if as_json:
        document({"credential": issued.credential.raw, "secret": issued.secret.reveal()})
        return
    found = issued.credential
    ending = "never expires" if found.expires_at is None else f"until {instant(found.expires_at)}"
    note(f"{verb} {found.id} ({found.name}), {ending}; shown only this once:", quiet=quiet)
    secret(issued.secret.reveal())


def say_state(found: Credential, *, as_json: bool) -> None:
    """Say what became of a token."""
    if as_json:
        document(found.raw)
    else:
        note(f"{found.id} ({found.name}) is {found.state}")


def show_token(found: Credential, *, as_json: bool) -> None:
    """Print a token's facts."""
    if as_json:
        document(found.raw)
        return
    networks = [
        each.text if each.text == each.interpreted else f"{each.text} ({each.interpreted})"
        for each in found.networks
    ]
    facts(
        [
            ("id", found.id),
            ("public id", found.public_id),
            ("name", found.name),
            ("description", found.description),
            ("state", found.state),
            ("owner", f"{found.owner.name} ({found.owner.id})"),
            ("created", instant(found.created_at)),
            ("begins", instant(found.not_before, "")),
            ("expires", instant(found.expires_at)),
            *[("may", f"{each.api}: {_allowed(each)}") for each in found.access],
            ("networks", ", ".join(networks) or "anywhere"),
            *[("metadata", f"{name}={value}") for name, value in found.metadata.items()],
            ("last used", _use(found.last_used)),
            *[(f"secret {each.n}", _secret(each)) for each in found.secrets],
        ]
    )


def _allowed(access: Access) -> str:
    levels = [f"{resource}={level}" for resource, level in access.levels.items()]
    return ", ".join([*access.scopes, *levels]) or "nothing"


def _use(use: LastUse | None) -> str:
    if use is None:
        return "never"
    return f"{instant(use.at)} from {use.address} by {use.agent or '?'}, {use.uses} times in all"


def _secret(state: SecretState) -> str:
    ending = "" if state.retires_at is None else f", retires {instant(state.retires_at)}"
    return f"{state.state}{ending}, last used {_use(state.last_used)}"
