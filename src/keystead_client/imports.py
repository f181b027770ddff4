"""What can be asked about importing: makers of `Call` for `Client.send`.

A token of another system, 40 lower-case hex digits, is taken over by its SHA-256; itself it is never sent.

    call = imports.legacy_tokens([imports.legacy_token(digest, "nightly", expires_in="90d", scopes=[…])])
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from keystead_client._core.arguments import UNSET, Unset
from keystead_client._core.calls import Call, one
from keystead_client._core.wishes import wish
from keystead_client.records import Access, Imported

__all__ = ["legacy_token", "legacy_tokens"]


def legacy_token(  # noqa: PLR0913  # the fields of a credential
    sha256: str,
    name: str,
    *,
    expires_at: datetime | Unset = UNSET,
    expires_in: timedelta | str | Unset = UNSET,
    scopes: Sequence[str] | Unset = UNSET,
    levels: Mapping[str, str] | Unset = UNSET,
    access: Sequence[Access] | Unset = UNSET,
    networks: Sequence[str] | Unset = UNSET,
    description: str | Unset = UNSET,
    owner_id: str | Unset = UNSET,
    metadata: Mapping[str, str] | Unset = UNSET,
) -> dict[str, object]:
    """Return one token to import, for `legacy_tokens`.

    Args:
        sha256: of the token's 40 characters, in hex.
        name: unique among API tokens.
        expires_at: the first instant at which it is refused; an imported token has an end.
        expires_in: in its place, how long from now on.
        scopes: of Keystead's own API.
        levels: of Keystead's own API.
        access: on any API.
        networks: from which alone it is accepted.
        description: what it is for.
        owner_id: whose it is; unset means the caller's.
        metadata: texts to keep with it.
    """
    asked = wish(
        UNSET, name, expires_at=expires_at, expires_in=expires_in, scopes=scopes, levels=levels,
        access=access, networks=networks, not_before=UNSET, description=description,
        owner_id=owner_id, metadata=metadata,
    )  # fmt: skip
    return {"sha256": sha256, **asked}


def legacy_tokens(items: Iterable[Mapping[str, object]]) -> Call[Imported]:
    """Import up to 500 tokens, all of them or none; no answer holds any of them."""
    body = {"items": [dict(each) for each in items]}
    return Call("POST", "/import/legacy-digests", one(Imported), body=body)
