"""What doors share: reading a request once, and writing an answer.

`entrance` is the one order in which a door lets in; `present` turns headers and peer into an `Arrival`;
`paths`, `query`, `bodies` and `forms` decode what was sent and say what is wrong with it; `repeats` tells a
request that comes again; `call` asks the gate for a handler; `refusals` maps codes to statuses; `reveal` is
the only place where a secret becomes bytes for a client; `sending` writes the answer. No rule about rights
stands here, and no door knows another.
"""

__all__ = [
    "bodies",
    "call",
    "entrance",
    "faults",
    "forms",
    "identifiers",
    "nesting",
    "paths",
    "present",
    "query",
    "refusals",
    "repeats",
    "reveal",
    "sending",
]
