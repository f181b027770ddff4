"""What a caller may make or hand out: never more than he presents; and how it is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import UnsetType

from keystead.core.errors import Conflict, Forbidden
from keystead.core.ids import new_id
from keystead.core.names import clean_name
from keystead.credentials.kind import KINDS_BY_NAME
from keystead.credentials.record import Credential, StoredSecret
from keystead.credentials.within import ends_later, reaches_wider
from keystead.crypto.token_format import mint
from keystead.policy.networks import parse_networks
from keystead.policy.permissions import KEYSTEAD_API, Permission
from keystead.policy.roles import Role
from keystead.policy.scopes import scopes_for

if TYPE_CHECKING:
    from keystead.core.secret import Secret
    from keystead.credentials.wish import CredentialWish
    from keystead.gate.act import Act

__all__ = [
    "may_not_issue_for",
    "new_credential",
    "new_secret",
    "require_held",
    "require_newest_secret",
    "require_within",
]


async def may_not_issue_for(act: Act, owner_id: str) -> bool:
    """Say whether the caller may not hold a secret of this owner.

    A user's credential would let its holder act as that user, also in folders closed to the caller: so only
    the user himself gets one. Applications have no self; who manages them does.
    """
    if owner_id == act.caller.owner_id or act.caller.house:
        return False
    if not act.caller.reaches(owner_id, Permission.CREDENTIALS_CREATE):
        return True
    owner = await act.tx.owners.find(owner_id)
    if owner is None or owner.kind != "application":
        return True
    # Nor may a manager act through an application that is more than he is.
    return Role.ADMINISTRATOR not in act.caller.roles and not owner.roles <= act.caller.roles | {
        Role.USER
    }


def require_held(act: Act, credential: Credential) -> None:
    """Refuse to make or hand out more than the presented credential holds itself."""
    scopes = scopes_for(KEYSTEAD_API, credential.access)
    if not act.caller.holds(scopes):
        raise Forbidden(
            "insufficient_scope",
            "the credential has scopes that the presented one does not hold",
            rule="scope of another",
        )


def require_within(
    act: Act, credential: Credential, *, end: bool = True, networks: bool = True
) -> None:
    """Refuse to make or hand out what outlives the presented credential, or reaches where it does not.

    Else a token that is bound to one host for an hour could mint itself a free and eternal one.
    """
    if act.caller.house:
        return
    presented = act.caller.credential
    if end and ends_later(credential, presented):
        raise Forbidden(
            "insufficient_scope", "it would end later than the credential presented", rule="end"
        )
    if networks and reaches_wider(credential, presented):
        raise Forbidden(
            "insufficient_scope",
            "it could be used from where the credential presented may not",
            rule="networks",
        )


def require_newest_secret(act: Act, credential: Credential) -> None:
    """Refuse a secret that is being replaced to take over what replaces it."""
    known = act.caller.known
    if known is None or known.credential.id != credential.id:
        return
    if known.secret.retires_at is not None:
        raise Conflict(
            "wrong_state", "this secret is being replaced; only the newest one rotates further"
        )


def new_credential(
    act: Act, kind: str, type_: str, owner_id: str, wish: CredentialWish
) -> Credential:
    """Return the record of a credential as wished, which has been judged."""
    networks = () if isinstance(wish.networks, UnsetType) else parse_networks(wish.networks)
    return Credential(
        id=new_id("cred"),
        kind=kind,
        type=type_,
        name=clean_name(wish.name or ""),
        description=wish.description or "",
        owner_id=owner_id,
        created_by=act.caller.owner_id,
        created_at=act.at,
        modified_at=act.at,
        access=wish.access or (),
        networks=networks,
        expires_at=wish.expires_at or None,
        not_before=wish.not_before or None,
        metadata=wish.metadata or {},
    )


def new_secret(act: Act, credential: Credential, n: int) -> tuple[Secret, StoredSecret]:
    """Mint a credential's secret number `n`; return it and what is stored of it."""
    secret = mint(KINDS_BY_NAME[credential.kind].marks[credential.type], credential.id12)
    pepper_n, digest = act.keyring.digester.digest(secret)
    return secret, StoredSecret(n, pepper_n, digest, act.at)
