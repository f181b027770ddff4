"""How tokens, and answers about them, name clients and APIs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keystead.credentials.kind import KINDS
from keystead.crypto.token_format import public_id
from keystead.policy.permissions import KEYSTEAD_API

if TYPE_CHECKING:
    from collections.abc import Iterable

    from keystead.credentials.record import Credential

__all__ = ["audience_of", "client_id_of", "identifier_of"]


def client_id_of(credential: Credential) -> str:
    """Return a credential's public id, which is its `client_id` if it is a client."""
    return public_id(KINDS[credential.kind].marks[credential.type], credential.id12)


def audience_of(identifiers: Iterable[str], issuer: str) -> str | tuple[str, ...]:
    """Return the `aud` of these APIs: one as it is, several as a list; Keystead's own is the issuer."""
    found = tuple(issuer if each == KEYSTEAD_API else each for each in identifiers)
    return found[0] if len(found) == 1 else found


def identifier_of(resource: str, issuer: str) -> str:
    """Return the identifier of the API that a `resource` names; nothing where it names none.

    Keystead's own is named by the issuer. Its identifier in access is no URI, and so no resource (RFC 8707).
    """
    if resource == issuer:
        return KEYSTEAD_API
    return "" if resource == KEYSTEAD_API else resource
