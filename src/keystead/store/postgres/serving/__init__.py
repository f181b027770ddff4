"""What a process that serves has open: a pool that reads, a writer, an ear."""

__all__ = [
    "connection",
    "counts",
    "feed",
    "runner",
    "shared",
    "store",
    "writer",
]
