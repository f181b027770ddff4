"""`keystead init | join | serve | doctor | migrate-store`: an installation in its data directory.

Through a server: its owners (`owner`, `group`), its rules (`settings`), its keys (`signing-key`), its
`audit`, and `whoami`.
"""

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
