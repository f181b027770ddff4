"""Catalogues to begin with, one file each, in the form in which an API is registered.

`scanner` and `network` are examples of two kinds of APIs; `keystead` is Keystead's own catalogue, which a
test holds to `permissions`. `reading` finds them. Nothing in the house decides by them.
"""

__all__ = ["reading"]
