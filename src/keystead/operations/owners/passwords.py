"""Passwords of users: hashed before the act, and changed by oneself only with the current one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from msgspec import UnsetType

from keystead.core.errors import Conflict, FieldError, Forbidden, Invalid, Throttled, Unavailable
from keystead.crypto.password_rules import wrong_password
from keystead.crypto.passwords import NOBODYS_HASH, hash_password, password_fits
from keystead.gate.acts.operation import Told, operation
from keystead.policy.roles import Role

if TYPE_CHECKING:
    from keystead.core.secret import Secret
    from keystead.gate.acts.act import Act
    from keystead.gate.acts.preparation import Preparation
    from keystead.owners.owner import Owner, OwnerKind, OwnerWish

__all__ = ["change_password", "hash_of_edit", "hash_of_new", "require_hashed"]


async def hash_of_new(slow: Preparation, kind: OwnerKind, wish: OwnerWish) -> str | None:
    """Return the hash of a new user's password; None where there is none, or the act refuses it anyway."""
    return None if kind == "application" else await _hash(slow, wish)


async def hash_of_edit(slow: Preparation, owner_id: str, wish: OwnerWish) -> str | None:
    """Return the hash of a user's new password; None where there is none, or the act refuses it anyway."""
    return None if owner_id == slow.caller.owner_id else await _hash(slow, wish)


async def _hash(slow: Preparation, wish: OwnerWish) -> str | None:
    may = slow.caller.house or Role.ADMINISTRATOR in slow.caller.roles
    if isinstance(wish.password, UnsetType) or not may or wish.wrong():
        return None
    return await slow.in_pool(hash_password, wish.password)


def require_hashed(wish: OwnerWish, password_hash: str | None) -> None:
    """Refuse to go on without the hash of a password that was wished for.

    Raises:
        Unavailable: `busy`; the caller became an administrator while it was not being hashed.
    """
    if not isinstance(wish.password, UnsetType) and password_hash is None:
        raise Unavailable("busy", "your rights have just changed; try again")


@dataclass(frozen=True, slots=True)
class _Checked:
    """Whose current password was the right one, as he was then, and the new one's hash."""

    owner: Owner
    password_hash: str


async def _check(slow: Preparation, current: Secret, new: Secret, /) -> _Checked:
    owner_id = slow.caller.owner_id
    slow.about("owner", owner_id, "" if slow.caller.known is None else slow.caller.known.owner.name)
    found = await slow.read(lambda tx: tx.owners.find_with_password(owner_id))
    owner, stored = found or (None, None)
    names = () if owner is None else (owner.login or "", owner.name, owner.email)
    if rule := wrong_password(new, *names):
        raise Invalid.of(FieldError("new", rule))
    guesser = owner_id, "house" if slow.caller.known is None else slow.caller.known.used[0]
    if (wait := slow.attempts.begin(*guesser, slow.at)) is not None:
        raise Throttled(wait)
    try:
        # Whoever has no password waits as long as the others, and is answered as they are.
        right = await slow.in_pool(password_fits, current, stored or NOBODYS_HASH)
    except Unavailable:
        slow.attempts.take_back(*guesser)
        raise
    if owner is None or stored is None or not right:
        raise Forbidden("wrong_password", "this is not the current password")
    slow.attempts.forget(*guesser)
    if current == new:
        raise Invalid.of(FieldError("new", "is the current one"))
    return _Checked(owner, await slow.in_pool(hash_password, new))


@operation("owner.change_password", needs=None, told=Told.ENTERED, prepare=_check)
async def change_password(act: Act, checked: _Checked, _current: Secret, _new: Secret) -> None:
    """Let a user change his own password; whoever has none, an application too, is refused alike.

    Raises:
        Forbidden: `wrong_password`; the current one is another.
        Throttled: there were five wrong ones in a quarter of an hour by this credential, or fifty by all
            of the owner's.
        Invalid: the new one breaks a rule, or is the current one.
        Conflict: somebody else changed him meanwhile.
    """
    before = checked.owner
    act.about("owner", before.id, before.name)
    after = replace(
        before,
        password_changed_at=act.at,
        must_change=False,
        modified_at=act.at,
        revision=before.revision + 1,
    )
    if not await act.tx.owners.save(after, before, checked.password_hash):
        raise Conflict("wrong_state", "somebody else changed you meanwhile; try again")
