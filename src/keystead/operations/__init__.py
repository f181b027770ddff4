"""What can be asked of the house: one verb a function, made an `Operation` by the decorator.

A verb judges what only it can judge (is the object there, is it the caller's, does the state allow it), asks
its transaction, and names its object for the entry. Who asks, from where and with which scope has been
decided before it runs; it cannot be reached by another way.

A verb and its slow step are given the same. What one of them has no use for begins with `_` there, and then
the step's parameters are positional.
"""

__all__ = [
    "audit",
    "catalogue",
    "credentials",
    "cuts",
    "finding",
    "joins",
    "key_upkeep",
    "keys",
    "oauth",
    "owners",
    "resealing",
    "settings",
    "signing_keys",
    "vault",
    "whoami",
]
