"""What the commands about audit entries may ask for: options, and what the server is asked by them."""

from __future__ import annotations

from typing import Annotated

import typer

from keystead.cli import inputs
from keystead.cli.credentials.nouns import ANY
from keystead.cli.names import credential_id, owner_id
from keystead.cli.options import option
from keystead.core.clock import SystemClock
from keystead_client import Client
from keystead_client.audit import Filter

__all__ = [
    "After",
    "Before",
    "Credential",
    "Decision",
    "Node",
    "Object",
    "Owner",
    "Verb",
    "filters",
]

Node = Annotated[
    int | None, typer.Option(metavar="NODE", min=0, help="Entered by this node alone.")
]
Verb = Annotated[str | None, option("VERB", "What was done, such as secret.read.")]
Owner = Annotated[str | None, option("OWNER", "Who did it: id, login or name.")]
Credential = Annotated[
    str | None, option("CREDENTIAL", "By which token, key or client: id, public id or name.")
]
Object = Annotated[str | None, option("ID", "To what, such as acct_...", "--object")]
Decision = Annotated[str | None, option("DECISION", "allowed, refused or summary.")]
After = Annotated[str | None, option("WHEN", "At or after this instant, or since so long ago.")]
Before = Annotated[str | None, option("WHEN", "Before this instant, or longer ago than this.")]


def filters(  # noqa: PLR0913  # one for each option
    client: Client,
    *,
    node: int | None,
    verb: str | None,
    owner: str | None,
    credential: str | None,
    object_: str | None,
    decision: str | None,
    after: str | None,
    before: str | None,
) -> Filter:
    """Return the filters as a call has them; names are looked up."""
    now = SystemClock().now()
    return Filter(
        node=node,
        verb=verb,
        object_id=object_,
        decision=decision,
        after=inputs.moment_or_none(after, "--after", now, ago=True),
        before=inputs.moment_or_none(before, "--before", now, ago=True),
        owner_id=None if owner is None else owner_id(client, owner),
        credential_id=None if credential is None else credential_id(client, ANY, credential),
    )
