"""Verbs about APIs and their catalogues.

`apis` lists, reads and registers; `changes` changes and deletes; `rules` is what they share. `effects` says
for whom a change matters, and asks the store for nothing but holders.
"""

__all__ = ["apis", "changes", "effects", "rules"]
