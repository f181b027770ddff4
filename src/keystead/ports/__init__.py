"""What the house asks of the outside: one file of Protocols a noun, each call one that some verb needs.

The store implements them for each engine and is held to `tests/store/conformance.py`. Methods are
coroutines; on SQLite they never suspend, so an act runs from its beginning to its end by itself.
"""

__all__ = [
    "access_tokens",
    "apis",
    "audit",
    "credentials",
    "freshness",
    "groups",
    "idempotency",
    "keyring",
    "mints",
    "owners",
    "paging",
    "settings",
    "signing_keys",
    "store",
    "usage",
    "vault",
]
