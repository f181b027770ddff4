"""The verb by which a credential learns what it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keystead.core.errors import NotFound
from keystead.gate.acts.operation import Told, operation

if TYPE_CHECKING:
    from keystead.gate.acts.act import Act
    from keystead.gate.callers.caller import Caller

__all__ = ["whoami"]


@operation("whoami", needs=None, told=Told.COUNTED, key_admins=True)
async def whoami(act: Act) -> Caller:
    """Return the caller as the house sees him."""
    if act.caller.known is None:
        raise NotFound("credential")
    return act.caller
