"""Verbs about the audit. Reading it is entered too. Row K17."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from keystead.audit.verifier import Verifier
from keystead.gate.operation import Told, operation
from keystead.policy.permissions import Permission
from keystead.ports.audit import AuditQuery

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keystead.audit.chain import SignedHead, StoredEntry
    from keystead.gate.act import Act

__all__ = [
    "begin_export",
    "begin_verification",
    "continue_export",
    "continue_verification",
    "list_events",
]

_ALL: Final = AuditQuery()


@operation("audit.read", needs=Permission.AUDIT_READ, told=Told.ENTERED)
async def list_events(
    act: Act, query: AuditQuery, since: tuple[int, int] | None, size: int
) -> Sequence[StoredEntry]:
    """Return up to `size` entries after `since` (node and number), or the newest ones, in order."""
    act.about("audit", "", "events")
    if since is None:
        return await act.tx.audit.newest(query, size)
    return await act.tx.audit.read(query, *since, size)


@operation("audit.export", needs=Permission.AUDIT_EXPORT, told=Told.ENTERED)
async def begin_export(act: Act) -> SignedHead:
    """Begin an export, and return the signed head up to which it goes."""
    head = await act.tx.audit.head()
    act.about("audit", "", "export", until=head.n)
    return head


@operation("audit.export_more", needs=Permission.AUDIT_EXPORT, told=Told.COUNTED)
async def continue_export(act: Act, node: int, since: int, size: int) -> Sequence[StoredEntry]:
    """Return the next entries of an export that was entered; it stops if the credential is revoked."""
    return await act.tx.audit.read(_ALL, node, since, size)


@operation("audit.verify", needs=Permission.AUDIT_READ, told=Told.ENTERED)
async def begin_verification(act: Act) -> tuple[Verifier, SignedHead]:
    """Begin a verification, and return who does it and the head up to which it goes."""
    head = await act.tx.audit.head()
    act.about("audit", "", "verify", until=head.n)
    return Verifier(act.keyring.audit, head.node), head


@operation("audit.verify_more", needs=Permission.AUDIT_READ, told=Told.COUNTED)
async def continue_verification(
    act: Act, node: int, since: int, size: int
) -> Sequence[StoredEntry]:
    """Return the next entries of a verification that was entered."""
    return await act.tx.audit.read(_ALL, node, since, size)
