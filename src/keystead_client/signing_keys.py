"""What can be asked about the keys that sign access tokens: makers of `Call` for `Client.send`."""

from __future__ import annotations

from keystead_client._core.calls import Call, one, page
from keystead_client.records import Page, SigningKey

__all__ = ["find", "rotate"]


def find() -> Call[Page[SigningKey]]:
    """List every signing key there ever was, on one page."""
    return Call("GET", "/signing-keys", page(SigningKey))


def rotate(algorithm: str) -> Call[SigningKey]:
    """Give an algorithm a new key, or ask again for the one that does not sign yet.

    Args:
        algorithm: `ES256`, `EdDSA` or `RS256`.
    """
    return Call("POST", "/signing-keys/rotate", one(SigningKey), body={"algorithm": algorithm})
