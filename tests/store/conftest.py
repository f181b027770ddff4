"""What the tests of the store share."""

from __future__ import annotations

import pytest

from keystead.cli.app import run
from tests.store.command import Command, Ended


@pytest.fixture
def command(capfd: pytest.CaptureFixture[str]) -> Command:
    """Return the command line, for data directories; it may not begin to serve."""

    def call(*arguments: str) -> Ended:
        code = run(arguments)
        said = capfd.readouterr()
        return Ended(int(code), said.out, said.err)

    return call
