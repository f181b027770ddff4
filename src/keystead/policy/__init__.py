"""Who may do what, from where, until when: tables and pure functions, no input or output.

`permissions` is the printed list of everything that can be asked of Keystead; `catalogue` has the APIs that
users register besides, each with what can be asked of it and the rules for them, and `samples` some to begin
with. `scopes` turns what a credential was given into such permissions; `roles` says what an
owner may; `restrictions` and `networks` bound a credential, and `key_admin` those that manage others;
`decide` joins them. Nothing here knows how a credential is stored or presented.
"""

__all__ = [
    "catalogue",
    "decide",
    "grants",
    "key_admin",
    "networks",
    "organisation",
    "permissions",
    "restrictions",
    "roles",
    "samples",
    "scope_expression",
    "scopes",
]
