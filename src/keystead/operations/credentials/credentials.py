"""Verbs about credentials; how they get new secrets stands in `rotation`.

Rows S4 to S9, S11 to S13, S17, S21 to S23, S26, C4 to C7, C12, C23, C24.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from msgspec import UNSET, UnsetType

from keystead.core.clock import DAY, later
from keystead.core.errors import FieldError, Forbidden, Invalid, NotFound
from keystead.credentials import lifecycle
from keystead.credentials.kind import CREATED, KINDS, wrong_kind
from keystead.credentials.legacy import wrong_legacy_end
from keystead.credentials.record import Credential
from keystead.credentials.within import begins_earlier, holds_more
from keystead.gate.acts.operation import Told, operation
from keystead.operations.credentials.issuing import (
    Issued,
    get_owner,
    new_credential,
    new_secret,
    require_held,
    require_may_issue_for,
    require_within,
)
from keystead.operations.finding import get_self, reach_credential, save_credential
from keystead.policy.key_admin import KEY_ADMIN, MANAGED, wrong_key_admin_access
from keystead.policy.permissions import Permission
from keystead.policy.roles import Role
from keystead.ports.credentials import CredentialQuery, KindCount, Listed

if TYPE_CHECKING:
    from keystead.credentials.wish import CredentialWish
    from keystead.gate.acts.act import Act
    from keystead.ports.mints import Capped
    from keystead.ports.paging import Page, PageRequest

__all__ = [
    "Summary",
    "create_credential",
    "delete_credential",
    "disable_credential",
    "edit_credential",
    "enable_credential",
    "list_credentials",
    "read_credential",
    "revoke_credential",
    "revoke_self",
    "summarise_credentials",
]


TOO_OFTEN: Final = 20
"""How many of those that ask for too many access tokens are named, the worst first."""


class Summary(NamedTuple):
    """What there is, and what needs somebody's eye.

    Attributes:
        counts: by kind.
        too_often: who was given more access tokens than may live at once, within the last day.
    """

    counts: tuple[KindCount, ...]
    too_often: tuple[Capped, ...]


@operation("credential.list", needs=Permission.CREDENTIALS_LIST, told=Told.COUNTED, browses=True)
async def list_credentials(act: Act, query: CredentialQuery, page: PageRequest) -> Page[Listed]:
    """List the credentials of the owners that the caller reaches."""
    return await act.tx.credentials.page(_seen(act, query), page)


@operation(
    "credential.summarise", needs=Permission.CREDENTIALS_LIST, told=Told.COUNTED, browses=True
)
async def summarise_credentials(act: Act) -> Summary:
    """Count, kind by kind, the credentials that the caller would be listed, and name who asks too often."""
    seen = _seen(act, CredentialQuery(at=act.at))
    counted = {each.kind: each for each in await act.tx.credentials.counts(seen)}
    counts = tuple(counted.get(kind, KindCount(kind)) for kind in CREATED)
    capped = await act.tx.mints.capped(seen.visible, later(act.at, -DAY), TOO_OFTEN)
    return Summary(counts, tuple(each for each in capped if seen.kind in {None, each.kind}))


@operation("credential.read", needs=Permission.CREDENTIALS_READ, told=Told.COUNTED)
async def read_credential(act: Act, credential_id: str) -> Listed:
    """Read one credential."""
    return await reach_credential(act, credential_id, Permission.CREDENTIALS_READ)


@operation("credential.create", needs=Permission.CREDENTIALS_CREATE, told=Told.ENTERED)
async def create_credential(
    act: Act, kind: str, type_: str, owner_id: str | None, wish: CredentialWish
) -> Issued:
    """Issue a credential; its secret is in the result and nowhere else.

    An OAuth client that registers public keys gets no secret.

    Raises:
        Invalid: a field is wrong or missing, with every such field.
        Forbidden: it would be more than the presented credential (scopes, end, networks), or the owner's
            credentials are not the caller's to issue.
        Conflict: another of its kind has the name.
    """
    owner_id = owner_id or act.caller.owner_id
    wrong = wish.wrong(act.at, act.caller.apis, act.caller.organisation)
    wrong += wrong_kind(kind, type_)
    if type_ == KEY_ADMIN and not isinstance(wish.access, UnsetType):
        wrong += wrong_key_admin_access(wish.access)
    if wish.public_jwks is not UNSET and not (kind in KINDS and KINDS[kind].has_keys):
        wrong.append(FieldError("public_jwks", "only an oauth_client registers keys"))
    wrong += _wrong_audience(wish, has_keys=wish.public_jwks is not UNSET)
    wrong += _wrong_uses(wish, kind)
    for field in ("name", "access", "expires_at"):
        if getattr(wish, field) is UNSET:
            wrong.append(FieldError(field, "is required"))
    if wrong:
        raise Invalid.of(*wrong)
    act.seek("owner", owner_id)
    if act.caller.is_key_admin and (kind, type_) != MANAGED:
        raise Forbidden(
            "insufficient_scope",
            "a key_admin key makes keys of type static alone",
            rule="key_admin",
        )
    await require_may_issue_for(
        act, owner_id, "owner_id is no owner whose credentials you may issue"
    )
    made = new_credential(act, kind, type_, owner_id, wish)
    owner = await get_owner(act, owner_id)
    require_held(act, made, owner)
    require_within(act, made)
    secret, stored = (None, None) if made.public_jwks else new_secret(act, made, 1)
    act.about("credential", made.id, made.name, owner=owner_id)
    await act.tx.credentials.insert(made, stored)
    return Issued(Listed(made, owner, (stored,) if stored else (), None, {}), secret)


@operation("credential.edit", needs=Permission.CREDENTIALS_EDIT, told=Told.ENTERED)
async def edit_credential(act: Act, credential_id: str, wish: CredentialWish) -> Listed:
    """Change a credential; its secret stays.

    Raises:
        Forbidden: it holds, or would hold, a scope that the presented credential does not hold; or it becomes
            more than it was, and outlives that or reaches where that does not.
        Conflict: it is revoked or expired, or the name is taken.
    """
    listed = await reach_credential(act, credential_id, Permission.CREDENTIALS_EDIT)
    before = listed.credential
    after = lifecycle.edited(before, wish, act.at, act.caller.apis, act.caller.organisation)
    if wrong := _wrong_audience(wish, has_keys=before.public_jwks is not None):
        raise Invalid.of(*wrong)
    if wrong := _wrong_uses(wish, before.kind):
        raise Invalid.of(*wrong)
    if wrong := wrong_legacy_end(listed.secrets, wish.expires_at):
        raise Invalid.of(*wrong)
    if before.type == KEY_ADMIN and (wrong := wrong_key_admin_access(after.access)):
        raise Invalid.of(*wrong)
    require_held(act, before, listed.owner)
    require_held(act, after, listed.owner)
    more = _is_more(act, before, after)
    require_within(
        act,
        after,
        end=more or after.expires_at != before.expires_at,
        networks=more or after.networks != before.networks,
        uses=more
        or (after.max_uses, after.expires_at, after.networks)
        != (before.max_uses, before.expires_at, before.networks),
    )
    changed = [f for f in wish.__slots__ if getattr(before, f) != getattr(after, f)]
    act.about("credential", before.id, after.name, changed=",".join(changed))
    await save_credential(act, after, before.revision)
    return replace(listed, credential=after)


@operation("credential.revoke", needs=Permission.CREDENTIALS_REVOKE, told=Told.ENTERED)
async def revoke_credential(act: Act, credential_id: str) -> Listed:
    """End a credential for good; from the answer on it is refused (Law 3)."""
    listed = await reach_credential(act, credential_id, Permission.CREDENTIALS_REVOKE)
    return await _step(act, listed, lifecycle.revoked(listed.credential, act.at))


@operation(
    "credential.revoke_self",
    needs=None,
    told=Told.ENTERED,
    verb="credential.revoke",
    key_admins=True,
)
async def revoke_self(act: Act) -> None:
    """End the presented credential itself."""
    known = act.caller.known
    if known is not None and known.minted is not None:
        act.about("access_token", known.minted.id, known.credential.name)
        await act.tx.access_tokens.revoke(known.minted, act.at)
        return
    listed = await get_self(act)
    await _step(act, listed, lifecycle.revoked(listed.credential, act.at))


@operation("credential.disable", needs=Permission.CREDENTIALS_REVOKE, told=Told.ENTERED)
async def disable_credential(act: Act, credential_id: str) -> Listed:
    """Switch a credential off."""
    listed = await reach_credential(act, credential_id, Permission.CREDENTIALS_REVOKE)
    is_above = _is_administrator(act) and Role.ADMINISTRATOR not in listed.owner.roles
    after = lifecycle.disabled(listed.credential, act.at, from_above=is_above)
    return await _step(act, listed, after)


@operation("credential.enable", needs=Permission.CREDENTIALS_REVOKE, told=Told.ENTERED)
async def enable_credential(act: Act, credential_id: str) -> Listed:
    """Switch a credential on again.

    Raises:
        Forbidden: it is more than the presented credential: by its scopes, its end or its networks; or an
            administrator switched it off, and the caller is none.
        Conflict: it is revoked.
    """
    listed = await reach_credential(act, credential_id, Permission.CREDENTIALS_REVOKE)
    require_held(act, listed.credential, listed.owner)
    require_within(act, listed.credential)
    if listed.credential.disabled_from_above and not _is_administrator(act):
        raise Forbidden(
            "insufficient_scope",
            "an administrator disabled this credential, and only one may enable it",
            rule="role",
        )
    return await _step(act, listed, lifecycle.enabled(listed.credential, act.at))


@operation("credential.delete", needs=Permission.CREDENTIALS_DELETE, told=Told.ENTERED)
async def delete_credential(act: Act, credential_id: str) -> None:
    """Delete a credential: refused from now on, its name free, its row a tombstone for the audit."""
    listed = await reach_credential(act, credential_id, Permission.CREDENTIALS_DELETE)
    act.about("credential", credential_id, listed.credential.name)
    if not await act.tx.credentials.bury(credential_id, act.at):
        raise NotFound("credential")


def _seen(act: Act, query: CredentialQuery) -> CredentialQuery:
    query = replace(query, visible=act.caller.owners_where(Permission.CREDENTIALS_LIST))
    return query.within(*MANAGED) if act.caller.is_key_admin else query


async def _step(act: Act, listed: Listed, after: Credential) -> Listed:
    act.about("credential", after.id, after.name)
    if after is listed.credential:
        return listed
    await save_credential(act, after, listed.credential.revision)
    return replace(listed, credential=after)


def _is_administrator(act: Act) -> bool:
    return act.caller.house or Role.ADMINISTRATOR in act.caller.roles


def _is_more(act: Act, before: Credential, after: Credential) -> bool:
    # Whoever holds the credential that was widened has what the caller could not have made for him.
    audience = after.legacy_audience
    return (
        holds_more(after, before, act.caller.apis)
        or begins_earlier(after, before, act.at)
        or (audience is not None and audience != before.legacy_audience)
    )


def _wrong_audience(wish: CredentialWish, *, has_keys: bool) -> list[FieldError]:
    if isinstance(wish.legacy_audience, str) and not has_keys:
        return [FieldError("legacy_audience", "only an oauth_client with public_jwks has one")]
    return []


def _wrong_uses(wish: CredentialWish, kind: str) -> list[FieldError]:
    if isinstance(wish.max_uses, int) and kind in KINDS and not KINDS[kind].has_max_uses:
        rule = (
            "only an api_token has it: what a key or client was given would end with its last use"
        )
        return [FieldError("max_uses", rule)]
    return []
