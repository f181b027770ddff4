"""`keystead audit`: entries and chains through a server, or by a data directory."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from keystead.cli.audit.export import export
from keystead.cli.audit.filters import (
    After,
    Before,
    Credential,
    Decision,
    Node,
    Object,
    Owner,
    Verb,
    filters,
)
from keystead.cli.audit.verify import verify
from keystead.cli.connection import connect
from keystead.cli.house.installation import Data
from keystead.cli.listing import All, Limit, Listing
from keystead.cli.options import Json, option
from keystead.cli.output import document, instant
from keystead_client import audit
from keystead_client.records import Event

__all__ = ["app"]

app = typer.Typer()


@app.command("list")
def list_(  # noqa: PLR0913  # the filters of the list
    context: typer.Context,
    *,
    since: Annotated[str | None, option("CURSOR", "Only what came after this cursor.")] = None,
    node: Node = None,
    verb: Verb = None,
    owner: Owner = None,
    credential: Credential = None,
    object_: Object = None,
    decision: Decision = None,
    after: After = None,
    before: Before = None,
    limit: Limit = 50,
    everything: All = False,
    json: Json = False,
) -> None:
    """List audit entries of all nodes, newest last.

    With --json the answer holds a cursor: --since CURSOR lists what came after it, at any node.
    """
    client = connect(context)
    Listing(limit, None, everything, json).show(
        client,
        audit.find(
            filters(
                client,
                node=node,
                verb=verb,
                owner=owner,
                credential=credential,
                object_=object_,
                decision=decision,
                after=after,
                before=before,
            ),
            since=audit.START if everything and since is None else since,
        ),
        ("NODE", "N", "AT", "WHO", "VERB", "OBJECT", "DECISION", "CODE", "ADDRESS"),
        _row,
    )


def _row(each: Event) -> tuple[str, ...]:
    touched = each.object
    return (
        str(each.node),
        str(each.n),
        instant(each.at),
        each.actor.credential_id or each.actor.owner_id or each.actor.kind,
        each.verb,
        "" if touched is None else touched.name or touched.id,
        each.decision,
        each.code,
        each.address,
    )


@app.command()
def checkpoint(data: Data, *, json: Json = False) -> None:
    """Print the signed head of each node's chain, a line each.

    Kept elsewhere, it shows later that nothing was cut off.
    """
    from keystead import installation

    lines = installation.audit_checkpoints(data)
    if json:
        document({"checkpoints": lines})
    else:
        sys.stdout.write("".join(f"{line}\n" for line in lines))


app.command()(verify)
app.command()(export)
