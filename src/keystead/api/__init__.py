"""The native API: the JSON door, under `/api/v1`.

`routes` shows the whole URL map on one screen; one file a noun holds its Structs and its handlers. A handler
decodes, asks the gate for one operation and writes the answer; it decides nothing.
"""

__all__ = [
    "accounts",
    "audit",
    "credential_shapes",
    "credentials",
    "door",
    "folders",
    "instants",
    "openapi",
    "owners",
    "routes",
    "secrets",
    "table",
    "whoami",
]
