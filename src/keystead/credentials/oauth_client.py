"""The OAuth client: an id, and secrets or registered public keys, with which it asks for access tokens.

What it holds bounds the tokens that it is given; it is presented at the token, introspection and revocation
endpoints alone. Rows A16, A17, K3.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

__all__ = ["OAUTH_CLIENT", "OAuthClient"]


@dataclass(frozen=True, slots=True)
class OAuthClient:
    """The kind `oauth_client`, marked `ksc_`."""

    name: str = "oauth_client"
    marks: Mapping[str, str] = field(default_factory=lambda: {"static": "c"})


OAUTH_CLIENT: Final = OAuthClient()
