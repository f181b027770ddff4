"""Operations: a verb with its name, the permission it needs, and how it is told.

    @operation("folder.create", needs=Permission.FOLDERS_EDIT, told=Told.ENTERED)
    async def create_folder(act: Act, wish: FolderWish) -> Folder: ...

    await gate.perform(create_folder, arrival, wish)

`ParamSpec` carries the verb's own parameters to the door, so that a wrong argument is a type error there.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Concatenate, Final, Generic, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from keystead.gate.act import Act
    from keystead.policy.permissions import Permission

__all__ = ["OPERATIONS", "Operation", "Told", "operation"]

P = ParamSpec("P")
T = TypeVar("T")


class Told(StrEnum):
    """How an allowed act is accounted for; a refusal of a known credential is always entered."""

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
        act: what it does, in one transaction; it awaits nothing but `act.tx`.
    """

    name: str
    verb: str
    needs: Permission | None
    told: Told
    act: Callable[Concatenate[Act, P], Awaitable[T]]


OPERATIONS: Final[dict[str, Operation[Any, Any]]] = {}
"""Every operation by name, filled by the decorator; tests count doors by it."""


def operation(
    name: str, *, needs: Permission | None, told: Told, verb: str | None = None
) -> Callable[[Callable[Concatenate[Act, P], Awaitable[T]]], Operation[P, T]]:
    """Make an operation of a coroutine function.

    Raises:
        ValueError: the name is taken.
    """

    def declare(act: Callable[Concatenate[Act, P], Awaitable[T]]) -> Operation[P, T]:
        if name in OPERATIONS:
            msg = f"two operations are named {name}"
            raise ValueError(msg)
        made = Operation(name, verb or name, needs, told, act)
        OPERATIONS[name] = made
        return made

    return declare
