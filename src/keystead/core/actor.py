"""Who acts: an owner by one of his credentials, or the house itself."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

__all__ = ["STRANGER", "SYSTEM", "Actor"]


class Actor(Struct, frozen=True):
    """The author of an act, as the audit names him.

    Attributes:
        owner_id: the user or application, `own_…`; empty for the house itself.
        credential_id: what he presented, `cred_…`; empty for the house itself.
        kind: the credential's kind, such as `api_token`; `system`; or `stranger`.
    """

    owner_id: str
    credential_id: str
    kind: str


SYSTEM: Final = Actor(owner_id="", credential_id="", kind="system")
"""The house itself, for upkeep and the first furnishing."""

STRANGER: Final = Actor(owner_id="", credential_id="", kind="stranger")
"""Whoever was not recognised."""
