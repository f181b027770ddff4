"""What the stories of OAuth share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.clocked import Clocked, running_clocked

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def clocked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clocked]:
    """One server whose clock a test sets, and only forward."""
    with running_clocked(tmp_path_factory.mktemp("clocked") / "data") as found:
        yield found
