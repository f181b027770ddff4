"""The verb that tells how often a credential was used, and refused, on which API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keystead.gate.acts.operation import Told, operation
from keystead.operations.finding import reach_credential
from keystead.policy.permissions import Permission

if TYPE_CHECKING:
    from keystead.gate.acts.act import Act
    from keystead.ports.paging import Page, PageRequest
    from keystead.ports.usage import Period, UsageQuery

__all__ = ["read_usage"]


@operation("credential.usage", needs=Permission.CREDENTIALS_READ, told=Told.COUNTED, browses=True)
async def read_usage(
    act: Act, credential_id: str, query: UsageQuery, page: PageRequest
) -> Page[Period]:
    """Tell the uses of a credential, and of what it was given, by period, API and outcome; the newest first.

    What was counted within the last second may be missing yet.
    """
    listed = await reach_credential(act, credential_id, Permission.CREDENTIALS_READ)
    found = listed.credential
    ids = [found.id] if found.former_id is None else [found.id, found.former_id]
    return await act.tx.usage.page(ids, query, page)
