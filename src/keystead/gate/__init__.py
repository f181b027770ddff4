"""The one path that every request walks: who → bounds → may → do → tell (Law 2).

`gate` walks the steps. `callers` recognises who asks, remembers what recognition read, and drops it when it
changes; `acts` has what can be asked, its slow step, its transaction, and the first answer to what is asked
for twice. `pool` is where the slow step runs; `throttle` bounds what strangers, and guessing, can cost;
`ended` deletes what has ended by itself; `keys` keeps the keyring true while keys come and go; `telling`
enters and counts each no, `refusals` says what it is raised as, `events` makes the entries; `usage` counts
uses; `visit` is one request as its door sees it. A door cannot forget a step: it does not contain one.
"""

__all__ = [
    "acts",
    "callers",
    "ended",
    "events",
    "gate",
    "keys",
    "pool",
    "refusals",
    "telling",
    "throttle",
    "usage",
    "visit",
]
