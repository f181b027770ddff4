"""Where things are kept: SQL, and the two ways to run it.

`tables` describes the schema once (Alembic's migrations build it); one file a noun holds its statements and
turns rows into records; `sqlite` runs them. No rule about rights stands in a statement here: what a caller
may see comes in as sets of ids.
"""

__all__ = [
    "accounts",
    "audit",
    "credentials",
    "folders",
    "generation",
    "installation",
    "migrate",
    "owners",
    "paging",
    "sqlite",
    "statement",
    "tables",
    "usage",
    "writer",
]
