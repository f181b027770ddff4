"""`keystead init | join | serve | doctor | migrate-store`: an installation in its data directory.

On the same directory its keys are rotated (`master-key`, `keyring`).
Through a server: its owners (`owner`, `group`), its rules (`settings`), its keys (`signing-key`), and
`whoami`.
"""

__all__ = [
    "groups",
    "installation",
    "keyring",
    "master_key",
    "move",
    "owners",
    "passwords",
    "settings",
    "signing_keys",
    "whoami",
]
