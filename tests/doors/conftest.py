"""What the stories of the doors share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.clocked import Clocked, running_clocked
from tests.doors.raws import contents

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.running import Server


@pytest.fixture(scope="session")
def clocked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clocked]:
    """One server whose clock a test sets, and only forward, for all that would wait for an end."""
    with running_clocked(tmp_path_factory.mktemp("clocked") / "data") as found:
        yield found


@pytest.fixture
def unwritten(server: Server) -> Iterator[Server]:
    """The server, of which a test may change nothing."""
    before = contents(server)
    yield server
    assert contents(server) == before
