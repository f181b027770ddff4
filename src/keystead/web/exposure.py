"""A credential in a URL: refused at every door, and entered, since logs on the way have it by now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keystead.core.errors import Invalid
from keystead.web import present

if TYPE_CHECKING:
    from collections.abc import Iterable

    from keystead.core.arrival import Arrival
    from keystead.gate.gate import Gate

__all__ = ["refuse_token_in"]


async def refuse_token_in(
    gate: Gate, path: str, pairs: Iterable[tuple[str, str]], arrival: Arrival
) -> None:
    """Refuse a request whose path or parameters hold a credential.

    Raises:
        Invalid: `token_in_query`.
    """
    token = present.token_in_url(path, pairs)
    if token is not None:
        await gate.refuse_in_query(arrival, token)
        raise Invalid(
            "a credential in a URL ends up in logs; send it in the Authorization header, "
            "and revoke the one you sent",
            code="token_in_query",
        )
