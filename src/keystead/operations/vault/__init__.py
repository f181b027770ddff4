"""The vault: folders, accounts, and the secrets in them."""

__all__ = [
    "accounts",
    "folders",
    "sealing",
    "secrets",
]
