"""The embedded engine: one file, read on the event loop's thread, written by one writer a process."""

__all__ = [
    "checkpoint",
    "connection",
    "counts",
    "doctor",
    "engine",
    "feed",
    "installation",
    "migrate",
    "store",
    "writer",
]
