"""The verb by which a credential learns what it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from keystead.core.errors import NotFound
from keystead.gate.acts.operation import Told, operation
from keystead.policy.permissions import KEYSTEAD_API

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keystead.gate.acts.act import Act
    from keystead.ports.credentials import Known

__all__ = ["Identity", "whoami"]


class Identity(NamedTuple):
    """A credential with its owner, and what it holds now.

    Attributes:
        scopes: those of Keystead's own API.
        elsewhere: identifiers of other APIs, and the scopes there.
    """

    known: Known
    scopes: frozenset[str]
    elsewhere: Mapping[str, frozenset[str]]


@operation("whoami", needs=None, told=Told.COUNTED, key_admins=True)
async def whoami(act: Act) -> Identity:
    """Return who the caller is; the house itself is nobody."""
    caller = act.caller
    if caller.known is None or caller.subject is None:
        raise NotFound("credential")
    known, apis = caller.known, caller.apis
    elsewhere = {
        api: known.scopes_on(api, apis.actions(api))
        for api in known.audience
        if api != KEYSTEAD_API
    }
    return Identity(known, caller.subject.scopes, elsewhere)
