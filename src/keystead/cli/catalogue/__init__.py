"""The commands about APIs: `apis` is `keystead api`, `samples` the catalogues to begin with.

`documents` reads what is in a file or a sample, `shown` prints an API and for whom a change of it matters.
"""

__all__ = ["apis", "documents", "samples", "shown"]
