"""What can be presented: the record of a credential, its kinds, and the rules of its life.

Pure: no storage, no request, no clock. A kind fills in only what is its own (its mark and what it may
carry); the gate walks the shared steps.
"""

__all__ = [
    "access_token",
    "api_key",
    "api_token",
    "kind",
    "lifecycle",
    "oauth_client",
    "record",
    "rotation",
    "signing_key",
    "wish",
    "within",
]
