"""`keystead init | join | serve | doctor | migrate-store`: an installation in its data directory.

On the same directory its keys are rotated (`master-key`, `keyring`).
Through a server: its owners (`owner`, `group`), its rules (`settings`), its keys (`signing-key`), its
`audit`, and `whoami`.
"""

__all__ = [
    "audit",
    "audit_export",
    "audit_filters",
    "audit_verify",
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
