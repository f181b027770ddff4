"""The web console: pages for people, one module a noun, with their templates and static files.

A page calls the same operations as the API does and may do nothing that a program cannot. It owns
no rule about rights, and knows neither ``api`` nor ``faces``.

Nothing stands here yet.
"""

__all__: list[str] = []
