"""What an operator is told of an installation, the same whichever engine keeps it. Row K20.

`installation` makes every check; each of the others judges what an engine's own `doctor` has fetched, and
says what was found or, by raising, what is wrong. Nothing here asks a database.
"""

__all__ = ["audit_head", "clock", "folder_tree", "installation", "schema", "signing_keys"]
