"""Credentials by the native API: `bodies` are sent, `wishes` are what stands in them, `answers` go back.

`handlers` decode, ask the gate and answer; rules about credentials are in the room of that noun.
"""

__all__ = ["answers", "bodies", "handlers", "wishes"]
