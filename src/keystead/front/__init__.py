"""The hot routes, answered inside the server's protocol class before any framework is entered.

This room will own the parsing of those few requests and their replies, and nothing else: what a
credential may do is decided by the same pure functions as everywhere. It keeps what it reads,
never what it decides. It imports no store; it is handed its reads by ``main``.

``protocol`` is uvicorn's own with bounds on what a connection may cost; it answers no route yet: every
one is served by ``api``.
"""

__all__ = ["protocol"]
