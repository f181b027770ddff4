"""`keystead audit`: entries through a server; the whole chain on a data directory."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Final, Literal, cast

import typer

from keystead.cli import inputs
from keystead.cli.connection import All, Limit, Listing, connect
from keystead.cli.failures import Exit, Misuse
from keystead.cli.installation import Data
from keystead.cli.names import owner_id, token_id
from keystead.cli.output import Json, document, instant, note, table
from keystead.core.clock import SystemClock
from keystead_client import audit
from keystead_client.records import Event

__all__ = ["app"]

app = typer.Typer(help="Read, verify and export the audit.")

_FORMS: Final = ("jsonl", "csv")


@app.command("list")
def list_(  # noqa: PLR0913  # the filters of the list
    context: typer.Context,
    *,
    since: Annotated[
        str | None, typer.Option(metavar="CURSOR", help="Only what came after this cursor.")
    ] = None,
    verb: Annotated[
        str | None, typer.Option(metavar="VERB", help="What was done, such as secret.read.")
    ] = None,
    owner: Annotated[
        str | None, typer.Option(metavar="OWNER", help="Who did it: id, login or name.")
    ] = None,
    token: Annotated[
        str | None, typer.Option(metavar="TOKEN", help="By which token: id or name.")
    ] = None,
    object_: Annotated[
        str | None, typer.Option("--object", metavar="ID", help="To what, such as acct_...")
    ] = None,
    decision: Annotated[
        str | None, typer.Option(metavar="DECISION", help="allowed, refused or summary.")
    ] = None,
    after: Annotated[
        str | None, typer.Option(metavar="INSTANT", help="At or after this instant.")
    ] = None,
    before: Annotated[
        str | None, typer.Option(metavar="INSTANT", help="Before this instant.")
    ] = None,
    limit: Limit = 50,
    everything: All = False,
    json: Json = False,
) -> None:
    """List audit entries, newest last.

    With --json the answer holds a cursor: --since CURSOR lists what came after it.
    """
    now = SystemClock().now()
    at_or_after = inputs.moment_or_none(after, "--after", now)
    ends = inputs.moment_or_none(before, "--before", now)
    with connect(context) as client:
        call = audit.find(
            since=audit.START if everything and since is None else since,
            verb=verb,
            owner_id=None if owner is None else owner_id(client, owner),
            credential_id=None if token is None else token_id(client, token),
            object_id=object_,
            decision=decision,
            after=at_or_after,
            before=ends,
        )
        Listing(limit, None, everything, json).show(
            client,
            call,
            ("N", "AT", "WHO", "VERB", "OBJECT", "DECISION", "CODE", "ADDRESS"),
            _row,
        )


def _row(each: Event) -> tuple[str, ...]:
    touched = each.object
    return (
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
            help="A checkpoint exported before, that the chain has to pass through.",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Verify that the audit is whole.

    It says where an entry was changed, removed, moved or put in, and then exits with 8.

    An older copy of the whole database verifies too; only a checkpoint that was kept elsewhere
    (keystead audit checkpoint) shows that.
    """
    from keystead import main as house

    report = house.verify_audit(data, None if checkpoint is None else _line_of(checkpoint))
    if json:
        document(
            {
                "intact": report.intact,
                "entries": report.entries,
                "head": {"n": report.head.n, "digest": report.head.digest.hex()},
                "findings": [{"n": each.n, "what": each.what} for each in report.findings],
                "unlisted": report.unlisted,
            }
        )
    elif report.intact:
        sys.stdout.write(f"intact: {report.entries} entries, head {report.head.digest.hex()}\n")
    else:
        table(("N", "WHAT IS WRONG"), [(str(each.n), each.what) for each in report.findings])
        if report.unlisted:
            note(f"and {report.unlisted} findings more")
    if not report.intact:
        raise Misuse(
            "the audit chain is not intact", exit_code=Exit.CHAIN_BROKEN, code="chain_broken"
        )


@app.command()
def checkpoint(data: Data, *, json: Json = False) -> None:
    """Print the signed head of the chain.

    Kept elsewhere, it shows later that nothing was cut off.
    """
    from keystead import main as house

    line = house.audit_checkpoint(data)
    if json:
        document({"checkpoint": line})
    else:
        sys.stdout.write(f"{line}\n")


@app.command()
def export(
    data: Data,
    *,
    form: Annotated[str, typer.Option("--format", metavar="FORM", help="jsonl or csv.")] = "jsonl",
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A new file, readable by you alone. [default: stdout]"),
    ] = None,
    json: Json = False,
) -> None:
    """Export every entry, oldest first."""
    from keystead import main as house

    if form not in _FORMS:
        raise Misuse("--format takes jsonl or csv")
    if json and out is None:
        raise Misuse("--json needs --out FILE: standard output holds the entries already")
    kind = cast("Literal['jsonl', 'csv']", form)
    if out is None:
        house.export_audit(data, _to_stdout, kind)
        sys.stdout.buffer.flush()
        return
    entries = _export_to(out, data, kind)
    if json:
        document({"entries": entries, "out": str(out)})
    else:
        note(f"{entries} entries written to {out}")


def _to_stdout(chunk: bytes) -> None:
    sys.stdout.buffer.write(chunk)


def _export_to(out: Path, data: Path, form: Literal["jsonl", "csv"]) -> int:
    from keystead import main as house

    try:
        # O_EXCL: an earlier export may be evidence, and a link set in its place would be followed.
        descriptor = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise Misuse(f"{out} exists; --out takes a new file") from None
    try:
        with os.fdopen(descriptor, "wb") as stream:

            def write(chunk: bytes) -> None:
                stream.write(chunk)

            return house.export_audit(data, write, form)
    except BaseException:
        out.unlink(missing_ok=True)
        raise


def _line_of(file: Path) -> str:
    try:
        return file.read_text(encoding="ascii").strip()
    except UnicodeDecodeError:
        raise Misuse(f"{file} holds no checkpoint") from None
