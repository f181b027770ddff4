"""`keystead audit verify`: asked of a server, or done on a data directory."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from keystead.cli.connection import connect
from keystead.cli.failures import Exit, Misuse
from keystead.cli.options import Json, option
from keystead.cli.output import document, instant, note, table
from keystead_client import audit
from keystead_client.records import ChainHead, ChainReport, Finding

if TYPE_CHECKING:
    from keystead.audit.findings import Report

__all__ = ["verify"]


def verify(
    context: typer.Context,
    *,
    data: Annotated[
        Path | None,
        option("DIR", "Read this data directory, without a server. [default: none]"),
    ] = None,
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
    """Verify that the audit is whole, every node's: the server does, or with --data DIR this command.

    It says where an entry was changed, removed, moved or put in, and then exits with 8. A chain that was cut,
    put back to an older state or removed shows in what another node has joined of it.

    An older copy of the whole database verifies too; only a checkpoint that was kept elsewhere
    (keystead audit checkpoint) shows that. It is compared with a data directory, by --data.
    """
    if data is not None:
        chains = _from_directory(data, checkpoint)
    elif checkpoint is not None:
        raise Misuse("--checkpoint is compared with a data directory: give --data DIR too")
    else:
        chains = connect(context).send(audit.verify()).chains
    intact = all(chain.intact for chain in chains)
    if json:
        document({"intact": intact, "chains": [_told(chain) for chain in chains]})
    else:
        _say(chains)
    if not intact:
        raise Misuse(
            "the audit chain is not intact", exit_code=Exit.CHAIN_BROKEN, code="chain_broken"
        )


def _from_directory(data: Path, checkpoint: Path | None) -> Sequence[ChainReport]:
    from keystead import installation

    reports = installation.verify_audit(data, () if checkpoint is None else _lines_of(checkpoint))
    return [_as_answered(report) for report in reports]


def _as_answered(report: Report) -> ChainReport:
    from keystead.core.clock import format_instant

    return ChainReport(
        node=report.head.node,
        intact=report.intact,
        entries=report.entries,
        head=ChainHead(n=report.head.n, digest=report.head.digest.hex()),
        findings=tuple(Finding(n=each.n, what=each.what) for each in report.findings),
        unlisted=report.unlisted,
        begins=report.begins,
        cut_at=None
        if report.cut_at is None
        else datetime.fromisoformat(format_instant(report.cut_at)),
        notes=report.notes,
    )


def _told(chain: ChainReport) -> dict[str, object]:
    return {
        "node": chain.node,
        "intact": chain.intact,
        "entries": chain.entries,
        "head": {"n": chain.head.n, "digest": chain.head.digest},
        "findings": [{"n": each.n, "what": each.what} for each in chain.findings],
        "unlisted": chain.unlisted,
        "begins": chain.begins,
        "cut_at": None if chain.cut_at is None else instant(chain.cut_at),
        "notes": list(chain.notes),
    }


def _cut(chain: ChainReport) -> str:
    return "cut" if chain.cut_at is None else f"cut on {instant(chain.cut_at)}"


def _counted(entries: int) -> str:
    return "1 entry" if entries == 1 else f"{entries} entries"


def _say(chains: Sequence[ChainReport]) -> None:
    alone = len(chains) == 1 and not chains[0].node
    for chain in chains:
        name = "" if alone else f"node {chain.node}: "
        whole = "intact" if chain.intact else "not intact"
        sys.stdout.write(f"{name}{whole}: {_counted(chain.entries)}, head {chain.head.digest}\n")
        if chain.begins > 1:
            sys.stdout.write(f"{name}begins at entry {chain.begins}, {_cut(chain)} by retention\n")
        for each in chain.notes:
            sys.stdout.write(f"{name}{each}\n")
    found = [(chain.node, each) for chain in chains for each in chain.findings]
    if found:
        rows = [(str(node), str(each.n), each.what) for node, each in found]
        table(("NODE", "N", "WHAT IS WRONG"), rows)
    unlisted = sum(chain.unlisted for chain in chains)
    if unlisted:
        note(f"and {unlisted} findings more")


def _lines_of(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="ascii").strip().splitlines() or [""]
    except UnicodeDecodeError:
        raise Misuse(f"{file} holds no checkpoint") from None
