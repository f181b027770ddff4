"""What can be presented: the record of a credential, its kinds, and the rules of its life.

Pure: no storage, no request, no clock. A kind fills in only what is its own (its mark and what it may
carry); the gate walks the shared steps.
"""

__all__ = [
    "access_token",
    "kind",
    "legacy",
    "lifecycle",
    "record",
    "rotation",
    "signing_key",
    "wish",
    "within",
]
