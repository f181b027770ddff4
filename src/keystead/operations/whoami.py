"""The verb by which a credential learns what it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from keystead.core.errors import NotFound
from keystead.gate.acts.operation import Told, operation

if TYPE_CHECKING:
    from keystead.gate.acts.act import Act
    from keystead.ports.credentials import Known

__all__ = ["Identity", "whoami"]


class Identity(NamedTuple):
    """A credential with its owner, and the scopes of Keystead's own API that it holds now."""

    known: Known
    scopes: frozenset[str]


@operation("whoami", needs=None, told=Told.COUNTED, key_admins=True)
async def whoami(act: Act) -> Identity:
    """Return who the caller is; the house itself is nobody."""
    caller = act.caller
    if caller.known is None or caller.subject is None:
        raise NotFound("credential")
    return Identity(caller.known, caller.subject.scopes)
