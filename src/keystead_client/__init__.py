"""The Python client of a Keystead server: a small house of its own.

It imports nothing of ``keystead``: what it knows of the server is the HTTP API.
"""

__all__: list[str] = []
