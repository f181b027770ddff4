"""The listener: the processes that serve, and what a connection may cost before anything is asked.

``listener`` starts the processes, ``protocol`` is uvicorn's own with bounds on what a connection may cost,
``cycle`` with an answer in one piece, ``head`` judges what the parser leaves to others, ``unread`` has the
answers to what cannot be read, ``crowd`` counts the connections of an address, ``loop`` gives what is
accepted to ``handshake``, which ends what takes too long, ``tls`` shows the certificate that is on disk. No
route is answered here: whatever can be read as a request goes to ``api``.
"""

__all__ = ["crowd", "cycle", "handshake", "head", "listener", "loop", "protocol", "tls", "unread"]
