"""What somebody asks a credential to be, as a body has it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from keystead_client._core.arguments import UNSET, set_fields
from keystead_client._core.calls import Answer, one
from keystead_client.records.credentials import Access, Credential

__all__ = ["credential_of", "wish", "written"]


def wish(  # noqa: PLR0913  # the fields of a credential
    kind: str,
    name: str,
    expires_at: datetime | None,
    *,
    scopes: Sequence[str],
    levels: Mapping[str, str] | None,
    access: Sequence[Access],
    networks: Sequence[str],
    not_before: datetime | None,
    description: str,
    owner_id: str | None,
    metadata: Mapping[str, str] | None,
) -> dict[str, object]:
    """Return the body that asks for a credential; what is left out there is the server's to say."""
    return set_fields(
        kind=kind,
        name=name,
        expires_at=expires_at,
        scopes=list(scopes) if scopes else UNSET,
        levels=dict(levels) if levels else UNSET,
        access=written(access) if access else UNSET,
        networks=list(networks) if networks else UNSET,
        not_before=UNSET if not_before is None else not_before,
        description=description or UNSET,
        owner_id=UNSET if owner_id is None else owner_id,
        metadata=dict(metadata) if metadata else UNSET,
    )


def written(access: Sequence[Access]) -> list[dict[str, object]]:
    """Return access as a body has it."""
    return [
        {"api": each.api, "scopes": list(each.scopes), "levels": dict(each.levels)}
        for each in access
    ]


@dataclass(frozen=True, slots=True)
class _Registered:
    credential: Credential


def credential_of(answer: Answer) -> Credential:
    """Read the credential out of an answer that holds no secret beside it."""
    return one(_Registered)(answer).credential
