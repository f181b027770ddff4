"""Rotators: each changes an account's password on one kind of real system.

A rotator logs in, changes, and proves the change by a fresh log-in. When to rotate, and what
becomes of the old version, is for ``vault`` and ``operations``; this room knows neither the store
nor any door.

Nothing stands here yet.
"""

__all__: list[str] = []
