"""Every command can say its result as one JSON document; and Law 10: every route has a call and a command."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from typing import Any

import pytest
from typer.main import get_command

import keystead_client as sdk
from keystead.api.routes import ROUTES
from keystead.cli.app import app
from keystead_client import Call, Secret
from tests.cli.every_command import ELSEWHERE, STORY, Told, shape
from tests.running import running


def leaves(name: str, command: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401  # Click's own
    inside = getattr(command, "commands", None)
    if inside is None:
        yield name, command
        return
    for word, each in inside.items():
        yield from leaves(f"{name} {word}", each)


COMMANDS = dict(leaves("keystead", get_command(app)))
LINES = [line for line in STORY if line]
MAP = {f"{route.method} {route.path}" for route in ROUTES}

WITHOUT_A_CALL = {
    "GET /api/": "the same as whoami, with links for whoever walks the API by hand",
}
WITHOUT_A_COMMAND = {
    **WITHOUT_A_CALL,
    "GET /api/v1/credentials/{id}/secrets": "the credential itself has them, as `token show` says",
}
"""They only become fewer: a route that is added has its call and its command."""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    home = tmp_path_factory.mktemp("everything")
    with running(home / "data") as server:
        yield Told(server, home)


@pytest.mark.parametrize("name", COMMANDS)
def test_it_takes_json(name: str) -> None:
    options = {option for each in COMMANDS[name].params for option in each.opts}
    assert "--json" in options


def test_every_command_stands_in_the_story() -> None:
    told = {
        name for name in COMMANDS for line in LINES if f"keystead {line} ".startswith(f"{name} ")
    }
    assert told == set(COMMANDS) - set(ELSEWHERE)


@pytest.mark.parametrize("line", LINES)
def test_it_prints_one_document_on_one_line(told: Told, line: str) -> None:
    printed = told.printed[line]
    assert printed.isascii()
    if line == "audit export":
        # JSON Lines are its form already, with the option or without.
        assert all(json.loads(each)["n"] for each in printed.splitlines()[:-1])
    else:
        assert printed.count("\n") == 1
        assert isinstance(json.loads(printed), dict)


def test_every_route_is_asked_by_a_command(told: Told) -> None:
    asked = set[str]().union(*told.asked.values())
    assert MAP - asked == set(WITHOUT_A_COMMAND)
    assert asked <= MAP


def test_every_route_has_a_call() -> None:
    made = {shape(call.method, f"/api/v1{call.path}") for call in every_call()}
    assert MAP - made == set(WITHOUT_A_CALL)
    assert made <= MAP


def every_call() -> Iterator[Call[object]]:
    for noun in (getattr(sdk, name) for name in sdk.__all__):
        if inspect.ismodule(noun) and noun is not sdk.records:
            for make in map(noun.__dict__.get, noun.__all__):
                # Others make a part of what is sent.
                if callable(make) and returns_call(make):
                    yield make(**dict(map(sample, needed(make))))


def returns_call(make: Any) -> bool:  # noqa: ANN401  # whatever a noun offers
    return str(make.__annotations__.get("return")).startswith(("Call[", "Download"))


def needed(make: Any) -> Iterator[inspect.Parameter]:  # noqa: ANN401  # any maker of a call
    parameters = inspect.signature(make).parameters.values()
    return (each for each in parameters if each.default is each.empty)


def sample(parameter: inspect.Parameter) -> tuple[str, object]:
    written = str(parameter.annotation)
    if "datetime" in written:
        return parameter.name, None
    value: object = Secret("x") if written == "Secret" else {} if "Mapping" in written else "x"
    return parameter.name, value
