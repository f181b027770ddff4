"""Where things are kept: SQL, and the ways to run it.

`schema` describes the tables once, and its migrations build them; `rows` holds one file a noun, its
statements and how rows become records. `sqlite` runs them on the embedded database and `postgres` on a
server: each is an `engine`, and `opening` says which one an installation has. `grouping` is how a writer of
either commits many acts at once.

Beside what serves: `chains` reads the audit whole, `examining` says what is wrong with an installation,
`move` brings one to a server; `presence` and `leader` are how the processes of a data directory keep out of
each other's way. No rule about rights stands in a statement here: what a caller may see comes in as sets of
ids.
"""

__all__ = [
    "chains",
    "counting",
    "engine",
    "examining",
    "grouping",
    "keys",
    "leader",
    "move",
    "opening",
    "postgres",
    "presence",
    "rows",
    "schema",
    "sqlite",
]
