"""Keys, and what is made with them: tokens, digests, sealed values, signatures, password hashes.

This room knows bytes and keys; it does not know credentials, rows or rights. It does no input or
output but one: `master` reads and writes what the master key comes from, because mode, durability and form
of a key file are one matter, and the text of the key should not travel through other rooms.

How a secret passes: `token_format.mint` makes it, `digest` computes what is stored and looked up,
and `keyring` holds the peppers and seal keys, opened once at the start by the master key. `jose` has what
others can check, and what others have signed.
"""

__all__ = [
    "audit_key",
    "digest",
    "envelope",
    "fields",
    "jose",
    "keyed_hash",
    "keyring",
    "master",
    "password_rules",
    "passwords",
    "token_format",
    "used_keys",
]
