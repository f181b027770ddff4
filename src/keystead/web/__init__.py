"""What doors share: reading a request once, and writing an answer.

`present` turns headers and peer into an `Arrival`; `query` and `bodies` decode what was sent and name every
wrong field; `refusals` maps codes to statuses; `reveal` is the only place where a secret becomes bytes for
a client; `sending` writes the answer. No rule about rights stands here, and no door knows another.
"""

__all__ = [
    "bodies",
    "call",
    "faults",
    "nesting",
    "present",
    "query",
    "refusals",
    "reveal",
    "sending",
]
