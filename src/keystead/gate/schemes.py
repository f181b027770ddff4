"""Recognition: three outcomes, three types, so that "no token" and "bad token" cannot be confused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from keystead.credentials.kind import KINDS
from keystead.crypto.token_format import read_secret

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from keystead.core.arrival import Presented
    from keystead.crypto.digest import Digester
    from keystead.ports.credentials import Known

__all__ = ["Failed", "NotMine", "Outcome", "Verified", "recognise"]


@dataclass(frozen=True, slots=True)
class NotMine:
    """Nothing was presented."""


@dataclass(frozen=True, slots=True)
class Verified:
    """The secret is right; whether the credential may be used now is not judged yet."""

    known: Known


@dataclass(frozen=True, slots=True)
class Failed:
    """Something was presented that belongs to nobody; `why` is for the audit, never for the client."""

    why: str


Outcome = NotMine | Verified | Failed


async def recognise(
    presented: Presented | None,
    digester: Digester,
    find: Callable[[list[tuple[int, bytes]], str], Awaitable[Known | None]],
) -> Outcome:
    """Find out whose secret this is.

    The check digits throw out typos before anything is looked up. The look-up is by keyed digest, once per
    live pepper, and the row must carry the token's own id: a digest moved to another row opens nothing.
    """
    if presented is None:
        return NotMine()
    parts = read_secret(presented.mark)
    if parts is None or parts.mark not in KINDS:
        return Failed("malformed")
    known = await find(digester.candidates(presented.mark), parts.id12)
    if known is None or known.credential.kind != KINDS[parts.mark].name:
        return Failed("unknown")
    return Verified(known)
