"""OAuth between machines: tokens, introspection, revocation and metadata, by their standards alone.

A door of its own, since its standards say how it reads (forms), how a client proves who it is, and how it
says no. `endpoints` is its map; `way` is how a request walks it; `clients` reads who comes; `handlers` ask
the gate; `refusals` says no; `metadata` and `description` tell of it all. No rule about who may have what
stands here.
"""

__all__ = [
    "answers",
    "clients",
    "description",
    "door",
    "endpoints",
    "forms",
    "handlers",
    "metadata",
    "refusals",
    "way",
]
