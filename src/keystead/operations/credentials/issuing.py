"""What a caller may make or hand out: never more than he presents; and how it is made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from msgspec import UNSET, UnsetType

from keystead.core.errors import Conflict, Forbidden, NotFound
from keystead.core.ids import new_id
from keystead.core.names import clean_name
from keystead.credentials.kind import KINDS
from keystead.credentials.record import Credential, StoredSecret
from keystead.credentials.within import ends_later, reaches_wider
from keystead.crypto.jose.public_keys import canonical_jwks
from keystead.crypto.token_format import mint
from keystead.policy.key_admin import KEY_ADMIN, grantable
from keystead.policy.networks import MOST, parse_networks
from keystead.policy.permissions import KEYSTEAD_API, Permission
from keystead.policy.roles import Role, may
from keystead.policy.scopes import expand

if TYPE_CHECKING:
    from keystead.core.secret import Secret
    from keystead.credentials.wish import CredentialWish
    from keystead.gate.acts.act import Act
    from keystead.gate.callers.caller import Caller
    from keystead.owners.owner import Owner
    from keystead.policy.catalogue.catalogue import API
    from keystead.policy.scopes import Access
    from keystead.ports.credentials import Listed

__all__ = [
    "Issued",
    "get_owner",
    "may_change_api",
    "new_credential",
    "new_secret",
    "require_held",
    "require_may_issue_for",
    "require_newest_secret",
    "require_within",
]


@dataclass(frozen=True, slots=True)
class Issued:
    """A credential with the secret that was just made; it is shown once and kept nowhere.

    Attributes:
        minted: the secret; None of a client that proves itself by registered keys.
    """

    listed: Listed
    minted: Secret | None

    @property
    def secret(self) -> Secret:
        """The secret, where one was made.

        Raises:
            RuntimeError: none was.
        """
        if self.minted is None:
            msg = "a client with keys has no secret"
            raise RuntimeError(msg)
        return self.minted


async def require_may_issue_for(act: Act, owner_id: str, refusal: str) -> None:
    """Refuse a caller who may not hold a secret of this owner.

    A user's credential would let its holder act as that user, also in folders closed to the caller: so only
    the user himself gets one. Applications have no self; who manages them does.

    Raises:
        Forbidden: with this refusal.
    """
    if not await _may_issue_for(act, owner_id):
        raise Forbidden("insufficient_scope", refusal, rule="owner")


async def _may_issue_for(act: Act, owner_id: str) -> bool:
    if owner_id == act.caller.owner_id or act.caller.house:
        return True
    if not act.caller.reaches(owner_id, Permission.CREDENTIALS_CREATE):
        return False
    owner = await act.tx.owners.find(owner_id)
    if owner is None or owner.kind != "application":
        return False
    # Nor may a manager act through an application that is more than he is.
    return Role.ADMINISTRATOR in act.caller.roles or owner.roles <= act.caller.roles | {Role.USER}


async def get_owner(act: Act, owner_id: str) -> Owner:
    """Return an owner; the caller himself is known already.

    Raises:
        NotFound: there is none.
    """
    known = act.caller.known
    if known is not None and known.owner.id == owner_id:
        return known.owner
    owner = await act.tx.owners.find(owner_id)
    if owner is None:
        raise NotFound("owner")
    return owner


def require_held(act: Act, credential: Credential, owner: Owner) -> None:
    """Refuse to make or hand out access that the caller may not give.

    Scopes of Keystead's own API: what the presented credential holds itself, and a level by who holds it as
    one, or is an administrator. Those of a registered API: the same, or any of them for whoever may change
    the API. An API that was deleted means nothing. A key that manages keys gives what its owner may give now;
    so nobody gets one who does not hold all of that.
    """
    if credential.type == KEY_ADMIN and not act.caller.holds(grantable(owner.roles)):
        raise Forbidden(
            "insufficient_scope",
            "a key_admin key gives all that its owner may, and the presented credential holds less",
            rule="key_admin",
        )
    for entry in credential.access:
        if not _may_give(act.caller, entry):
            on = "" if entry.api == KEYSTEAD_API else f" on {entry.api}"
            raise Forbidden(
                "insufficient_scope",
                f"the credential has scopes{on} that the presented one does not hold",
                rule="scope of another",
            )


def may_change_api(caller: Caller, api: API) -> bool:
    """Say whether the caller may change a registered API, and so give access to it."""
    return caller.holds(frozenset({Permission.APIS_EDIT})) and _owner_may_change(caller, api)


def _owner_may_change(caller: Caller, api: API) -> bool:
    may_edit = caller.house or may(caller.roles, Permission.APIS_EDIT)
    return may_edit and caller.reaches(api.owner_id, Permission.APIS_EDIT)


def _may_give(caller: Caller, entry: Access) -> bool:
    api = caller.apis.find(entry.api)
    if api is None:
        return True
    scopes = expand(entry, api.actions)
    if entry.api == KEYSTEAD_API:
        held = scopes <= grantable(caller.roles) if caller.is_key_admin else caller.holds(scopes)
        # A level takes in operations that are added later; an administrator may all of those, too.
        return held and (Role.ADMINISTRATOR in caller.roles or caller.holds_levels(entry))
    if caller.is_key_admin:
        return _owner_may_change(caller, api)
    if may_change_api(caller, api):
        return True
    return caller.holds_on(entry.api, scopes) and caller.holds_levels(entry)


def require_within(
    act: Act,
    credential: Credential,
    *,
    end: bool = True,
    networks: bool = True,
    uses: bool = True,
) -> None:
    """Refuse to make or hand out what outlives the presented credential, or reaches where it does not.

    Else a token that is bound to one host for an hour could mint itself a free and eternal one; and one that
    is good for a number of uses, one for as many more.
    """
    if act.caller.house:
        return
    presented = act.caller.credential
    if end and ends_later(credential, act.caller.expires_at):
        raise Forbidden(
            "insufficient_scope", "it would end later than what was presented", rule="end"
        )
    if networks and reaches_wider(credential, presented):
        raise Forbidden(
            "insufficient_scope",
            "it could be used from where the credential presented may not",
            rule="networks",
        )
    if uses and presented.max_uses is not None:
        raise Forbidden(
            "insufficient_scope",
            "what has a number of uses gives nobody any others",
            rule="uses",
        )


def require_newest_secret(act: Act, listed: Listed) -> None:
    """Refuse a secret that is being replaced, or a token given for it, to take over what replaces it.

    It is judged by what stands in this act's transaction: what is remembered may be older.
    """
    known, credential = act.caller.known, listed.credential
    if known is None:
        return
    used, n = known.used
    is_replaced = used == credential.former_id or (
        used == credential.id
        and any(each.n == n and each.retires_at is not None for each in listed.secrets)
    )
    if is_replaced:
        raise Conflict(
            "wrong_state", "this secret is being replaced; only the newest one rotates further"
        )


def new_credential(
    act: Act, kind: str, type_: str, owner_id: str, wish: CredentialWish
) -> Credential:
    """Return the record of a credential as wished, which has been judged."""
    networks = () if isinstance(wish.networks, UnsetType) else parse_networks(wish.networks, MOST)
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
        public_jwks=None if wish.public_jwks is UNSET else canonical_jwks(wish.public_jwks),
        legacy_audience=wish.legacy_audience or None,
        max_uses=wish.max_uses or None,
    )


def new_secret(act: Act, credential: Credential, n: int) -> tuple[Secret, StoredSecret]:
    """Mint a credential's secret number `n`; return it and what is stored of it."""
    secret = mint(KINDS[credential.kind].marks[credential.type], credential.id12)
    pepper_n, digest = act.keyring.digester.digest(secret)
    return secret, StoredSecret(n, pepper_n, digest, act.at)
