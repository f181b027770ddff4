"""`keystead init | serve | doctor | owner | group | audit | whoami`: a house, its owners, its audit."""

__all__ = [
    "audit",
    "groups",
    "installation",
    "move",
    "owners",
    "passwords",
    "settings",
    "signing_keys",
    "whoami",
]
