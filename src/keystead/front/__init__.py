"""The hot routes, answered inside the server's protocol class before any framework is entered.

This room will own the parsing of those few requests and their replies, and nothing else: what a
credential may do is decided by the same pure functions as everywhere. It keeps what it reads,
never what it decides. It imports no store; it is handed its reads by ``main``.

``listener`` starts the processes, ``protocol`` is uvicorn's own with bounds on what a connection may cost,
``cycle`` with an answer in one piece, ``tls`` shows the certificate that is on disk. No route is answered
here yet: every one is served by ``api``.
"""

__all__ = ["cycle", "listener", "protocol", "tls"]
