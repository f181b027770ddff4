"""OAuth clients that others wrote, for Node.js, against a running server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.oauth.rounds import whole_round

if TYPE_CHECKING:
    from tests.running import Server


def test_each_does_its_whole_round(server: Server) -> None:
    whole_round(server, server.url)
