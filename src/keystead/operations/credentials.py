"""Verbs about credentials. Rows S4 to S9, S11 to S13, S17, S21 to S23, S26, C4 to C7, C12, C23, C24."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from msgspec import UNSET, UnsetType

from keystead.core.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from keystead.credentials import lifecycle
from keystead.credentials.kind import KINDS_BY_NAME
from keystead.credentials.record import Credential
from keystead.gate.operation import Told, operation
from keystead.operations.issuing import (
    may_not_issue_for,
    new_credential,
    new_secret,
    require_held,
    require_newest_secret,
    require_within,
)
from keystead.policy.permissions import Permission
from keystead.ports.credentials import Listed

if TYPE_CHECKING:
    from keystead.core.clock import Instant
    from keystead.core.secret import Secret
    from keystead.credentials.wish import CredentialWish
    from keystead.gate.act import Act
    from keystead.owners.owner import Owner
    from keystead.ports.credentials import CredentialQuery
    from keystead.ports.paging import Page, PageRequest

__all__ = [
    "Issued",
    "create_credential",
    "delete_credential",
    "disable_credential",
    "edit_credential",
    "enable_credential",
    "list_credentials",
    "read_credential",
    "revoke_credential",
    "revoke_self",
    "rotate_credential",
    "rotate_self",
]


@dataclass(frozen=True, slots=True)
class Issued:
    """A credential with the secret that was just made; it is shown once and kept nowhere."""

    listed: Listed
    secret: Secret


@operation("credential.list", needs=Permission.CREDENTIALS_LIST, told=Told.COUNTED)
async def list_credentials(act: Act, query: CredentialQuery, page: PageRequest) -> Page[Listed]:
    """List the credentials of the owners that the caller reaches."""
    visible = act.caller.owners_where(Permission.CREDENTIALS_LIST)
    return await act.tx.credentials.page(replace(query, visible=visible), page)


@operation("credential.read", needs=Permission.CREDENTIALS_READ, told=Told.COUNTED)
async def read_credential(act: Act, credential_id: str) -> Listed:
    """Read one credential."""
    return await _reached(act, credential_id, Permission.CREDENTIALS_READ)


@operation("credential.create", needs=Permission.CREDENTIALS_CREATE, told=Told.ENTERED)
async def create_credential(
    act: Act, kind: str, type_: str, owner_id: str | None, wish: CredentialWish
) -> Issued:
    """Issue a credential; its secret is in the result and nowhere else.

    Raises:
        Invalid: a field is wrong or missing, with every such field.
        Forbidden: it would be more than the presented credential (scopes, end, networks), or the owner's
            credentials are not the caller's to issue.
        Conflict: another of its kind has the name.
    """
    owner_id = owner_id or act.caller.owner_id
    wrong = wish.wrong(act.at)
    if kind not in KINDS_BY_NAME:
        wrong.append(FieldError("kind", f"must be one of {', '.join(KINDS_BY_NAME)}"))
    elif type_ not in (types := KINDS_BY_NAME[kind].marks):
        wrong.append(FieldError("type", f"must be one of {', '.join(types)}"))
    for field in ("name", "access", "expires_at"):
        if getattr(wish, field) is UNSET:
            wrong.append(FieldError(field, "is required"))
    if wrong:
        msg = "the credential cannot be made like this"
        raise Invalid(msg, *wrong)
    act.seek("owner", owner_id)
    if await may_not_issue_for(act, owner_id):
        raise Forbidden(
            "insufficient_scope",
            "owner_id is no owner whose credentials you may issue",
            rule="owner",
        )
    made = new_credential(act, kind, type_, owner_id, wish)
    require_held(act, made)
    require_within(act, made)
    secret, stored = new_secret(act, made, 1)
    act.about("credential", made.id, made.name, owner=owner_id)
    await act.tx.credentials.insert(made, stored)
    owner = await _owner_of(act, owner_id)
    return Issued(Listed(made, owner, (stored,), None, {}), secret)


@operation("credential.edit", needs=Permission.CREDENTIALS_EDIT, told=Told.ENTERED)
async def edit_credential(act: Act, credential_id: str, wish: CredentialWish) -> Listed:
    """Change a credential; its secret stays.

    Raises:
        Forbidden: it holds, or would hold, a scope that the presented credential does not hold.
        Conflict: it is revoked or expired, or the name is taken.
    """
    listed = await _reached(act, credential_id, Permission.CREDENTIALS_EDIT)
    before = listed.credential
    after = lifecycle.edited(before, wish, act.at)
    require_held(act, before)
    require_held(act, after)
    require_within(
        act,
        after,
        end=after.expires_at != before.expires_at,
        networks=after.networks != before.networks,
    )
    changed = [f for f in wish.__slots__ if getattr(before, f) != getattr(after, f)]
    act.about("credential", before.id, after.name, changed=",".join(changed))
    await _save(act, after, before.revision)
    return replace(listed, credential=after)


@operation("credential.rotate", needs=Permission.CREDENTIALS_ROTATE, told=Told.ENTERED)
async def rotate_credential(
    act: Act,
    credential_id: str,
    overlap_seconds: int,
    expires_at: Instant | UnsetType | None = UNSET,
) -> Issued:
    """Give a credential a new secret; older ones end now, or after the overlap.

    Raises:
        Forbidden: it holds a scope that the presented credential does not hold, or is another user's.
        Conflict: it is revoked, expired without a new end, or has too many live secrets.
    """
    listed = await _reached(act, credential_id, Permission.CREDENTIALS_ROTATE)
    if await may_not_issue_for(act, listed.credential.owner_id):
        raise Forbidden(
            "insufficient_scope",
            "only the user himself may be handed a secret of his",
            rule="owner",
        )
    require_held(act, listed.credential)
    return await _rotate(act, listed, overlap_seconds, expires_at)


@operation(
    "credential.rotate_self",
    needs=Permission.SELF_ROTATE,
    told=Told.ENTERED,
    verb="credential.rotate",
)
async def rotate_self(act: Act, overlap_seconds: int) -> Issued:
    """Give the presented credential itself a new secret; its end stays."""
    listed = await _found(act, act.caller.credential.id)
    return await _rotate(act, listed, overlap_seconds, UNSET)


@operation("credential.revoke", needs=Permission.CREDENTIALS_REVOKE, told=Told.ENTERED)
async def revoke_credential(act: Act, credential_id: str) -> Listed:
    """End a credential for good; from the answer on it is refused (Law 3)."""
    listed = await _reached(act, credential_id, Permission.CREDENTIALS_REVOKE)
    return await _step(act, listed, lifecycle.revoked(listed.credential, act.at))


@operation("credential.revoke_self", needs=None, told=Told.ENTERED, verb="credential.revoke")
async def revoke_self(act: Act) -> None:
    """End the presented credential itself."""
    listed = await _found(act, act.caller.credential.id)
    await _step(act, listed, lifecycle.revoked(listed.credential, act.at))


@operation("credential.disable", needs=Permission.CREDENTIALS_REVOKE, told=Told.ENTERED)
async def disable_credential(act: Act, credential_id: str) -> Listed:
    """Switch a credential off."""
    listed = await _reached(act, credential_id, Permission.CREDENTIALS_REVOKE)
    return await _step(act, listed, lifecycle.disabled(listed.credential, act.at))


@operation("credential.enable", needs=Permission.CREDENTIALS_REVOKE, told=Told.ENTERED)
async def enable_credential(act: Act, credential_id: str) -> Listed:
    """Switch a credential on again."""
    listed = await _reached(act, credential_id, Permission.CREDENTIALS_REVOKE)
    require_held(act, listed.credential)
    return await _step(act, listed, lifecycle.enabled(listed.credential, act.at))


@operation("credential.delete", needs=Permission.CREDENTIALS_DELETE, told=Told.ENTERED)
async def delete_credential(act: Act, credential_id: str) -> None:
    """Delete a credential: refused from now on, its name free, its row a tombstone for the audit."""
    listed = await _reached(act, credential_id, Permission.CREDENTIALS_DELETE)
    act.about("credential", credential_id, listed.credential.name)
    if not await act.tx.credentials.bury(credential_id, act.at):
        raise NotFound("credential")
    await act.tx.generation.raise_for("credential", credential_id, act.at)


async def _found(act: Act, credential_id: str) -> Listed:
    listed = await act.tx.credentials.find(credential_id)
    if listed is None:
        raise NotFound("credential")
    return listed


async def _reached(act: Act, credential_id: str, permission: Permission) -> Listed:
    act.seek("credential", credential_id)
    listed = await _found(act, credential_id)
    if not act.caller.reaches(listed.credential.owner_id, permission):
        raise NotFound("credential")
    act.about("credential", credential_id, listed.credential.name)
    return listed


async def _owner_of(act: Act, owner_id: str) -> Owner:
    known = act.caller.known
    if known is not None and known.owner.id == owner_id:
        return known.owner
    owner = await act.tx.owners.find(owner_id)
    if owner is None:
        raise NotFound("owner")
    return owner


async def _rotate(
    act: Act, listed: Listed, overlap_seconds: int, expires_at: Instant | UnsetType | None
) -> Issued:
    before = listed.credential
    require_newest_secret(act, before)
    after = lifecycle.rotated(before, act.at, expires_at)
    require_within(act, after)
    retires_at = lifecycle.retirement(act.at, overlap_seconds)
    live = lifecycle.live_secrets(listed.secrets, act.at)
    if overlap_seconds and len(live) >= lifecycle.MAX_LIVE_SECRETS:
        raise Conflict(
            "wrong_state",
            f"{len(live)} secrets are live already; wait until one retires, or rotate without overlap",
        )
    n = max(s.n for s in listed.secrets) + 1
    secret, stored = new_secret(act, after, n)
    act.about("credential", before.id, before.name, secret=n, overlap_seconds=overlap_seconds)
    await _save(act, after, before.revision)
    await act.tx.credentials.replace_secret(before.id, stored, retires_at)
    return Issued(await _found(act, before.id), secret)


async def _step(act: Act, listed: Listed, after: Credential) -> Listed:
    act.about("credential", after.id, after.name)
    if after is listed.credential:
        return listed
    await _save(act, after, listed.credential.revision)
    return replace(listed, credential=after)


async def _save(act: Act, after: Credential, was: int) -> None:
    if not await act.tx.credentials.save(after, was):
        raise Conflict("wrong_state", "somebody else changed it meanwhile; read it and try again")
    await act.tx.generation.raise_for("credential", after.id, act.at)
