"""`keystead audit`: entries through a server; the whole chains by a data directory."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from keystead.cli.connection import connect
from keystead.cli.failures import Exit, Misuse
from keystead.cli.house.audit_export import export
from keystead.cli.house.audit_filters import (
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
from keystead.cli.house.installation import Data
from keystead.cli.listing import All, Limit, Listing
from keystead.cli.options import Json, option
from keystead.cli.output import document, instant, note, table
from keystead_client import audit
from keystead_client.records import Event

if TYPE_CHECKING:
    from keystead.audit.findings import Report

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
            since=audit.START if everything and since is None else since,
            **filters(
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
def verify(
    data: Data,
    *,
    checkpoint: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            exists=True,
            dir_okay=False,
            help="Checkpoints printed before, a line each, that the chains have to pass through.",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Verify that the audit is whole, every node's.

    It says where an entry was changed, removed, moved or put in, and then exits with 8. A chain that was cut,
    put back to an older state or removed shows in what another node has joined of it.

    An older copy of the whole database verifies too; only a checkpoint that was kept elsewhere
    (keystead audit checkpoint) shows that.
    """
    from keystead import installation

    reports = installation.verify_audit(data, () if checkpoint is None else _lines_of(checkpoint))
    intact = all(report.intact for report in reports)
    if json:
        document({"intact": intact, "chains": [_told(report) for report in reports]})
    else:
        _say(reports)
    if not intact:
        raise Misuse(
            "the audit chain is not intact", exit_code=Exit.CHAIN_BROKEN, code="chain_broken"
        )


def _told(report: Report) -> dict[str, object]:
    return {
        "node": report.head.node,
        "intact": report.intact,
        "entries": report.entries,
        "head": {"n": report.head.n, "digest": report.head.digest.hex()},
        "findings": [{"n": each.n, "what": each.what} for each in report.findings],
        "unlisted": report.unlisted,
    }


def _counted(entries: int) -> str:
    return "1 entry" if entries == 1 else f"{entries} entries"


def _say(reports: Sequence[Report]) -> None:
    alone = len(reports) == 1 and not reports[0].head.node
    for report in reports:
        chain = "" if alone else f"node {report.head.node}: "
        whole = "intact" if report.intact else "not intact"
        head = report.head.digest.hex()
        sys.stdout.write(f"{chain}{whole}: {_counted(report.entries)}, head {head}\n")
    found = [(report.head.node, each) for report in reports for each in report.findings]
    if found:
        rows = [(str(node), str(each.n), each.what) for node, each in found]
        table(("NODE", "N", "WHAT IS WRONG"), rows)
    unlisted = sum(report.unlisted for report in reports)
    if unlisted:
        note(f"and {unlisted} findings more")


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


def _lines_of(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="ascii").strip().splitlines() or [""]
    except UnicodeDecodeError:
        raise Misuse(f"{file} holds no checkpoint") from None


app.command()(export)
