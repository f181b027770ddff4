"""Every command can say its result as one JSON document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from typer.main import get_command

from keystead.cli.app import app


def leaves(name: str, command: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401  # Click's own
    inside = getattr(command, "commands", None)
    if inside is None:
        yield name, command
        return
    for word, each in inside.items():
        yield from leaves(f"{name} {word}", each)


COMMANDS = dict(leaves("keystead", get_command(app)))


@pytest.mark.parametrize("name", COMMANDS)
def test_it_takes_json(name: str) -> None:
    options = {option for each in COMMANDS[name].params for option in each.opts}
    assert "--json" in options
