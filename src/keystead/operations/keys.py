"""Verbs about the house's own keys; only the house itself asks for them. Row K20."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keystead.core.errors import Conflict, KeysteadError
from keystead.crypto.keyring import new_key, rewrapped
from keystead.gate.acts.operation import Told, operation
from keystead.operations.resealing import is_sealed_by
from keystead.policy.permissions import Permission

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keystead.crypto.keyring import MasterKey
    from keystead.gate.acts.act import Act
    from keystead.gate.acts.preparation import Preparation
    from keystead.ports.keyring import Purpose

__all__ = ["NothingToRetire", "retire_keys", "rotate_key", "rotate_master_key"]


class NothingToRetire(KeysteadError):  # a state, not a fault
    """No key was replaced, or each is still needed."""


@operation("master_key.rotate", needs=Permission.SETTINGS_EDIT, told=Told.ENTERED)
async def rotate_master_key(act: Act, old: MasterKey, new: MasterKey) -> None:
    """Wrap the whole keyring with another master key.

    Whoever has the keyring open goes on: the keys in it are the same.

    Raises:
        Conflict: `wrong_state`, the old one is not in force (any more).
    """
    act.about("master_key", new.key_id, "", replaces=old.key_id)
    keyring = act.tx.keyring
    await _require_master(act, old)
    keys = rewrapped((await keyring.kept()).keys, old, new)
    if not await keyring.rewrap(keys, old.key_id, new):
        raise _another()


@operation("key.rotate", needs=Permission.SETTINGS_EDIT, told=Told.ENTERED)
async def rotate_key(act: Act, master: MasterKey, purpose: Purpose) -> int:
    """Let a new key take the place of the newest one of its purpose; return its number.

    The old one is kept for what it has made. Whoever uses it for something new from now on is refused, reads
    the keyring anew and does it with the new one.

    Raises:
        Conflict: `wrong_state`, another master key is in force, or another rotation was first.
    """
    await _require_master(act, master)
    newest = max(key.n for key in (await act.tx.keyring.kept()).keys if key.purpose == purpose)
    act.about("key", f"{purpose}_{newest + 1}", "", replaces=f"{purpose}_{newest}")
    if not await act.tx.keyring.succeed(new_key(master, purpose, newest + 1), act.at):
        raise Conflict("wrong_state", "the key is being rotated by somebody else")
    await act.tx.generation.raise_for("keys", purpose, act.at)
    return newest + 1


async def _idle(slow: Preparation) -> Sequence[tuple[Purpose, int]]:
    """Return the replaced keys that nothing needs.

    None of them makes anything new (`KeyReplaced`), so what is found here stays so.
    """
    found: list[tuple[Purpose, int]] = []
    for key in (await slow.read(lambda tx: tx.keyring.kept())).keys:
        if key.superseded_at is None:
            continue
        if key.purpose == "seal":
            if not await is_sealed_by(slow.read, key.n):
                found.append(("seal", key.n))
        elif key.purpose == "pepper":
            n = key.n
            if not await slow.read(lambda tx, n=n: tx.keyring.finds_any(n, slow.at)):  # type: ignore[misc]
                found.append(("pepper", n))
    if not found:
        raise NothingToRetire
    return found


@operation("key.retire", needs=Permission.SETTINGS_EDIT, told=Told.ENTERED, prepare=_idle)
async def retire_keys(act: Act, idle: Sequence[tuple[Purpose, int]]) -> None:
    """Remove the replaced keys by which nothing is sealed, or by which no living secret is found.

    Raises:
        NothingToRetire: there is none, or another process was first.
    """
    removed = [f"{purpose}_{n}" for purpose, n in idle if await act.tx.keyring.remove(purpose, n)]
    if not removed:
        raise NothingToRetire
    act.about("key", removed[0], "", removed=" ".join(removed))
    await act.tx.generation.raise_for("keys", "", act.at)


async def _require_master(act: Act, master: MasterKey) -> None:
    """Refuse where another master key is in force; nobody changes that until the act is done."""
    if await act.tx.keyring.master_key_id() != master.key_id:
        raise _another()


def _another() -> Conflict:
    return Conflict("wrong_state", "the master key was rotated meanwhile; start again with it")
