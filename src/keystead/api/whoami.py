"""What a credential is, and the API's root. Rows S26 and F2."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from keystead.api.credentials.answers import CredentialRef, OwnerRef, owner_ref
from keystead.api.instants import text_of
from keystead.operations.whoami import whoami as whoami_verb
from keystead.web.call import Answer, Call, as_answer

__all__ = ["HeldAccess", "Root", "WhoAmI", "root", "whoami"]


_NOUNS: Final = (
    "whoami",
    "verify",
    "credentials",
    "apis",
    "owners",
    "groups",
    "roles",
    "folders",
    "accounts",
    "settings",
    "signing-keys",
)

_LINKS: Final = {
    **{noun: f"/api/v1/{noun}" for noun in _NOUNS},
    "audit": "/api/v1/audit/events",
    "openapi": "/openapi.json",
}


class HeldAccess(Struct, frozen=True):
    """What a credential holds on an API other than Keystead's own."""

    api: str
    scopes: tuple[str, ...]


class WhoAmI(Struct, frozen=True):
    """Who the presented credential makes you, and from where; `scopes` are of Keystead's own API."""

    owner: OwnerRef
    credential: CredentialRef
    scopes: tuple[str, ...]
    access: tuple[HeldAccess, ...]
    expires_at: str | None
    address: str | None


class Root(Struct, frozen=True):
    """Where to go from here."""

    version: str
    identity: WhoAmI
    links: dict[str, str]


async def whoami(call: Call) -> Answer:
    """GET /whoami."""
    return as_answer(await _identity(call))


async def root(call: Call) -> Answer:
    """GET /api/."""
    return as_answer(Root("v1", await _identity(call), dict(_LINKS)))


async def _identity(call: Call) -> WhoAmI:
    identity = await call.perform(whoami_verb)
    known = identity.known
    credential, address = known.credential, call.visit.arrival.address
    return WhoAmI(
        owner=owner_ref(known.owner),
        credential=CredentialRef(credential.id, credential.kind, credential.name),
        scopes=tuple(sorted(identity.scopes)),
        access=tuple(
            HeldAccess(api, tuple(sorted(scopes))) for api, scopes in identity.elsewhere.items()
        ),
        expires_at=text_of(known.expires_at),
        address=None if address is None else address.text,
    )
