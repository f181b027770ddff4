"""The master key: what it is, and where it comes from.

It is in a file (`key`), in the environment, made of a passphrase (`source`), or wrapped by a PKCS#11 token
(`token`); `given` says which of them settings name. What uses it is the keyring.
"""

__all__ = ["given", "key", "source", "token"]
