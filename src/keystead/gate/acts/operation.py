"""Operations: a verb with its name, the permission it needs, and how it is told.

    @operation("folder.create", needs=Permission.FOLDERS_EDIT, told=Told.ENTERED)
    async def create_folder(act: Act, wish: FolderWish) -> Folder: ...

    await gate.perform(create_folder, visit, wish)

`ParamSpec` carries the verb's own parameters to the door, so that a wrong argument is a type error there.

What takes long (Argon2, a directory, a target) stands in a step of its own, which takes the verb's
parameters, runs once who, bounds and may are answered, and holds no transaction meanwhile. What it returns
comes to the act before those parameters; the door knows nothing of it.

    async def hashed(slow: Preparation, name: str, password: Secret) -> str:
        return await slow.in_pool(hash_password, password)


    @operation("user.create", needs=Permission.OWNERS_EDIT, told=Told.ENTERED, prepare=hashed)
    async def create_user(act: Act, password_hash: str, name: str, password: Secret) -> Owner: ...

    await gate.perform(create_user, visit, "Ada", Secret("…"))

Nothing that it read is certain any more when the act begins: the act decides. Who, bounds and may are
answered a second time in between, so that whoever lost a right while he waited is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Concatenate, Final, Generic, ParamSpec, TypeVar, overload

from keystead.gate.acts.act import sought
from keystead.policy.key_admin import KEY_ADMIN_PERMISSIONS
from keystead.policy.permissions import BEARERS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from keystead.audit.event import ObjectRef
    from keystead.gate.acts.act import Act
    from keystead.gate.acts.preparation import Preparation
    from keystead.policy.permissions import Permission

__all__ = ["OPERATIONS", "Operation", "Told", "operation"]

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")


class Told(StrEnum):
    """How an allowed act is accounted for; refusals are entered always, those of a flood as a sum."""

    ENTERED = "entered"
    """An audit entry in the act's own transaction, durable before the answer."""
    COUNTED = "counted"
    """A read of metadata: only the credential's last use and count."""


@dataclass(frozen=True, slots=True)
class Operation(Generic[P, T]):
    """One thing that can be asked of the house.

    Attributes:
        name: its own, `<noun>.<act>`.
        verb: its name in the audit; ways to the same act share one.
        needs: the permission; None where any good credential may.
        told: entered or counted.
        act: what it does, in one transaction; it awaits nothing but `act.tx`. Where there is something to
            `prepare`, that comes before its own parameters (`operation` holds the types together).
        prepare: what it does before, outside any transaction; None where nothing is slow.
        browses: it reads so much that others would notice (`ports.store.Store.browse`).
        kinds: which kinds of credential may ask for it at all; the permission may leave fewer.
        key_admins: a credential that manages keys and nothing else may ask for it too; where nothing is said,
            if the permission is one that it may hold.
        seeks: the type of the object that its first parameter names, by id or path; empty if none.
    """

    name: str
    verb: str
    needs: Permission | None
    told: Told
    act: Callable[..., Awaitable[T]]
    prepare: Callable[Concatenate[Preparation, P], Awaitable[object]] | None = None
    browses: bool = False
    kinds: frozenset[str] = BEARERS
    key_admins: bool = False
    seeks: str = ""

    def sought(self, args: tuple[object, ...]) -> ObjectRef | None:
        """Return what is asked for, before anybody has looked for it; None where nothing is named."""
        if not self.seeks or not args or not isinstance(args[0], str):
            return None
        return sought(self.seeks, args[0])


OPERATIONS: Final[dict[str, Operation[Any, Any]]] = {}
"""Every operation by name, filled by the decorator; tests count doors by it."""


@overload
def operation(
    name: str,
    *,
    needs: Permission | None,
    told: Told,
    verb: str | None = None,
    browses: bool = False,
    kinds: frozenset[str] = BEARERS,
    key_admins: bool | None = None,
) -> Callable[[Callable[Concatenate[Act, P], Awaitable[T]]], Operation[P, T]]: ...


@overload
def operation(
    name: str,
    *,
    needs: Permission | None,
    told: Told,
    verb: str | None = None,
    prepare: Callable[Concatenate[Preparation, P], Awaitable[R]],
    kinds: frozenset[str] = BEARERS,
    key_admins: bool | None = None,
) -> Callable[[Callable[Concatenate[Act, R, P], Awaitable[T]]], Operation[P, T]]: ...


def operation(
    name: str,
    *,
    needs: Permission | None,
    told: Told,
    verb: str | None = None,
    prepare: Callable[Concatenate[Preparation, P], Awaitable[object]] | None = None,
    browses: bool = False,
    kinds: frozenset[str] = BEARERS,
    key_admins: bool | None = None,
) -> Callable[[Callable[..., Awaitable[T]]], Operation[P, T]]:
    """Make an operation of a coroutine function.

    Raises:
        ValueError: the name is taken, or it browses and is entered: it would hold up every other act.
    """
    if browses and told is Told.ENTERED:
        msg = f"{name} is entered, so it may not browse; let it prepare what it reads"
        raise ValueError(msg)

    def declare(act: Callable[..., Awaitable[T]]) -> Operation[P, T]:
        if name in OPERATIONS:
            msg = f"two operations are named {name}"
            raise ValueError(msg)
        made: Operation[P, T] = Operation(
            name,
            verb or name,
            needs,
            told,
            act,
            prepare,
            browses,
            kinds,
            needs in KEY_ADMIN_PERMISSIONS if key_admins is None else key_admins,
            _type_sought(act, name, has_step=prepare is not None),
        )
        OPERATIONS[name] = made
        return made

    return declare


def _type_sought(act: Callable[..., object], name: str, *, has_step: bool) -> str:
    """Return what type of object an act's own first parameter names: `account_id` names an account."""
    code = act.__code__
    own = code.co_varnames[1 + has_step : code.co_argcount]
    if own and own[0].endswith("_id"):
        return own[0].removesuffix("_id")
    if own and own[0] == "path":
        return "folder" if name.startswith("folder.") else "account"
    return ""
