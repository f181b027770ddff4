"""Who may do what, from where, until when: tables and pure functions, no input or output.

`permissions` is the printed list of everything that can be asked of Keystead; `scopes` turns what a
credential was given into such permissions; `roles` says what an owner may; `restrictions` and `networks`
bound a credential; `decide` joins them. Nothing here knows how a credential is stored or presented.
"""

__all__ = ["decide", "networks", "permissions", "restrictions", "roles", "scopes"]
