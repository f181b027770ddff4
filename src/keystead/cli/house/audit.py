"""`keystead audit`: entries through a server; the whole chains by a data directory."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO, Final, Literal, cast

import typer

from keystead.cli import inputs
from keystead.cli.connection import connect
from keystead.cli.credentials.nouns import ANY
from keystead.cli.failures import Exit, Misuse
from keystead.cli.house.installation import Data
from keystead.cli.listing import All, Limit, Listing
from keystead.cli.names import credential_id, owner_id
from keystead.cli.options import Json, option
from keystead.cli.output import document, done, instant, note, table
from keystead.core.clock import SystemClock
from keystead_client import audit
from keystead_client.records import Event

if TYPE_CHECKING:
    from keystead.audit.findings import Report

__all__ = ["app"]

app = typer.Typer()

_FORMS: Final = ("jsonl", "csv")


@app.command("list")
def list_(  # noqa: PLR0913  # the filters of the list
    context: typer.Context,
    *,
    since: Annotated[str | None, option("CURSOR", "Only what came after this cursor.")] = None,
    node: Annotated[
        int | None, typer.Option(metavar="NODE", min=0, help="Entered by this node alone.")
    ] = None,
    verb: Annotated[str | None, option("VERB", "What was done, such as secret.read.")] = None,
    owner: Annotated[str | None, option("OWNER", "Who did it: id, login or name.")] = None,
    credential: Annotated[
        str | None,
        option("CREDENTIAL", "By which token, key or client: id, public id or name."),
    ] = None,
    object_: Annotated[str | None, option("ID", "To what, such as acct_...", "--object")] = None,
    decision: Annotated[str | None, option("DECISION", "allowed, refused or summary.")] = None,
    after: Annotated[
        str | None, option("WHEN", "At or after this instant, or since so long ago.")
    ] = None,
    before: Annotated[
        str | None, option("WHEN", "Before this instant, or longer ago than this.")
    ] = None,
    limit: Limit = 50,
    everything: All = False,
    json: Json = False,
) -> None:
    """List audit entries of all nodes, newest last.

    With --json the answer holds a cursor: --since CURSOR lists what came after it, at any node.
    """
    client = connect(context)
    now = SystemClock().now()
    Listing(limit, None, everything, json).show(
        client,
        audit.find(
            since=audit.START if everything and since is None else since,
            node=node,
            verb=verb,
            object_id=object_,
            decision=decision,
            after=inputs.moment_or_none(after, "--after", now, ago=True),
            before=inputs.moment_or_none(before, "--before", now, ago=True),
            owner_id=None if owner is None else owner_id(client, owner),
            credential_id=None if credential is None else credential_id(client, ANY, credential),
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


@app.command()
def export(
    data: Data,
    *,
    form: Annotated[str, option("FORM", "jsonl or csv.", "--format")] = "jsonl",
    out: Annotated[
        Path | None, option("FILE", "A new file, readable by you alone. [default: stdout]")
    ] = None,
    json: Json = False,
) -> None:
    """Export every entry, oldest first."""
    from keystead import installation

    if form not in _FORMS:
        raise Misuse("--format takes jsonl or csv")
    if json and out is None:
        raise Misuse("--json needs --out FILE: standard output holds the entries already")
    kind = cast("Literal['jsonl', 'csv']", form)
    with _opened(out) as stream:

        def write(chunk: bytes) -> None:
            stream.write(chunk)

        entries = installation.export_audit(data, write, kind)
    if out is not None:
        summary = {"entries": entries, "out": str(out)}
        done(summary, f"{_counted(entries)} written to {out}", as_json=json)


@contextmanager
def _opened(out: Path | None) -> Iterator[BinaryIO]:
    if out is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    try:
        # O_EXCL: an earlier export may be evidence, and a link set in its place would be followed.
        descriptor = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise Misuse(f"{out} exists; --out takes a new file") from None
    except OSError as error:
        raise Misuse(f"--out: {out}: {error.strerror}") from None
    try:
        with os.fdopen(descriptor, "wb") as stream:
            yield stream
    except BaseException:
        out.unlink(missing_ok=True)
        raise


def _lines_of(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="ascii").strip().splitlines() or [""]
    except UnicodeDecodeError:
        raise Misuse(f"{file} holds no checkpoint") from None
