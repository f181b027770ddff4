"""What somebody asks a credential to be, as a body has it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from keystead_client._core.arguments import UNSET, Unset, set_fields
from keystead_client._core.calls import Answer, one
from keystead_client.records.credentials import Access, Credential

__all__ = ["credential_of", "period", "wish", "written"]


def wish(  # noqa: PLR0913  # the fields of a credential
    kind: str | Unset,
    name: str,
    *,
    expires_at: datetime | Unset | None,
    expires_in: timedelta | str | Unset,
    scopes: Sequence[str] | Unset,
    levels: Mapping[str, str] | Unset,
    access: Sequence[Access] | Unset,
    networks: Sequence[str] | Unset,
    not_before: datetime | Unset | None,
    description: str | Unset,
    owner_id: str | Unset,
    metadata: Mapping[str, str] | Unset,
) -> dict[str, object]:
    """Return the body that asks for a credential; what is left out there is the server's to say."""
    return set_fields(
        kind=kind,
        name=name,
        expires_at=expires_at,
        expires_in=period(expires_in),
        scopes=scopes,
        levels=levels,
        access=written(access),
        networks=networks,
        not_before=not_before,
        description=description,
        owner_id=owner_id,
        metadata=metadata,
    )


def period(span: timedelta | str | Unset) -> str | Unset:
    """Return a period as a body has it.

    Raises:
        ValueError: it is no whole number of seconds, or negative.
    """
    if not isinstance(span, timedelta):
        return span
    seconds, rest = divmod(span, timedelta(seconds=1))
    if rest or seconds < 0:
        raise ValueError("expires_in is a whole number of seconds from now on")
    return f"{seconds}s"


def written(access: Sequence[Access] | Unset) -> list[dict[str, object]] | Unset:
    """Return access as a body has it."""
    if isinstance(access, Unset):
        return UNSET
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
