"""`keystead audit export`: through a server, or from a data directory."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Final, Literal, cast

import typer

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
from keystead.cli.connection import connect
from keystead.cli.failures import Misuse
from keystead.cli.options import Json, option
from keystead.cli.output import done

__all__ = ["export"]

_FORMS: Final = ("jsonl", "csv")


def export(  # noqa: PLR0913  # the filters of the list
    context: typer.Context,
    *,
    data: Annotated[
        Path | None,
        option("DIR", "Read this data directory, without a server: every entry. [default: none]"),
    ] = None,
    form: Annotated[str, option("FORM", "jsonl or csv.", "--format")] = "jsonl",
    out: Annotated[
        Path | None, option("FILE", "A new file, readable by you alone. [default: stdout]")
    ] = None,
    node: Node = None,
    verb: Verb = None,
    owner: Owner = None,
    credential: Credential = None,
    object_: Object = None,
    decision: Decision = None,
    after: After = None,
    before: Before = None,
    json: Json = False,
) -> None:
    """Export entries, oldest first, through a server; the filters are those of the list.

    That is entered itself. With --data DIR it is every entry of a data directory. The form is JSON Lines,
    with --json too; with --out FILE that says in one document what was written.
    """
    if form not in _FORMS:
        raise Misuse("--format takes jsonl or csv")
    if json and out is None and form != "jsonl":
        raise Misuse("--json on standard output is JSON Lines; --format csv needs --out FILE then")
    wanted = {
        "node": node, "verb": verb, "owner": owner, "credential": credential, "object_": object_,
        "decision": decision, "after": after, "before": before,
    }  # fmt: skip
    if data is None:
        told, said = _through_server(context, form, out, wanted)
    elif any(value is not None for value in wanted.values()):
        raise Misuse("filters are for an export through a server; --data exports every entry")
    else:
        told, said = _from_directory(data, form, out)
    if out is not None:
        done({**told, "out": str(out)}, f"{said} written to {out}", as_json=json)


def _through_server(
    context: typer.Context, form: str, out: Path | None, wanted: Mapping[str, Any]
) -> tuple[dict[str, int], str]:
    from keystead_client import audit

    client = connect(context)
    call = audit.export(form, filters(client, **wanted))
    with _opened(out) as stream:
        size = 0

        def write(chunk: bytes) -> None:
            nonlocal size
            size += len(chunk)
            stream.write(chunk)

        client.download(call, write)
    return {"bytes": size}, f"{size} bytes"


def _from_directory(data: Path, form: str, out: Path | None) -> tuple[dict[str, int], str]:
    from keystead import installation

    kind = cast("Literal['jsonl', 'csv']", form)
    with _opened(out) as stream:

        def write(chunk: bytes) -> None:
            stream.write(chunk)

        entries = installation.export_audit(data, write, kind)
    return {"entries": entries}, "1 entry" if entries == 1 else f"{entries} entries"


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
