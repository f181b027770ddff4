"""Where things are kept: SQL, and the ways to run it.

`schema` describes the tables once, and its migrations build them; `rows` holds one file a noun, its
statements and how rows become records; `sqlite` runs them on the embedded database. No rule about rights
stands in a statement here: what a caller may see comes in as sets of ids.
"""

__all__ = ["move", "presence", "rows", "schema", "sqlite"]
