"""The native API: the JSON door, under `/api/v1`.

`routes` shows the whole URL map on one screen; `application` is what the listener is given; `table` finds a
route, `door` mounts it, `way` is how a request walks it, `openapi` tells of it.
Each noun has its Structs and its handlers, in one file or in a room of its own. A handler decodes, asks the
gate for one operation and writes the answer; it decides nothing.
"""

__all__ = [
    "application",
    "audit",
    "catalogue",
    "credentials",
    "door",
    "instants",
    "oauth",
    "openapi",
    "owners",
    "refusals",
    "routes",
    "settings",
    "signing_keys",
    "table",
    "vault",
    "verification",
    "way",
    "whoami",
]
