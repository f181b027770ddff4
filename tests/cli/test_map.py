"""The map of the command line, its room's docstring, names what there is and nothing else."""

import re
from pathlib import Path
from typing import Any

from typer.main import get_command

from keystead import cli
from keystead.cli.app import app
from tests.cli.test_json_everywhere import COMMANDS

ROOM = Path(cli.__path__[0])
MAP, SHARED, DIRECT = (cli.__doc__ or "").split("\n\n")[1:4]
NAMES = re.compile(r"`([\w -]+)`")
FOLDERS = {
    folder: set(NAMES.findall(commands))
    for folder, commands in re.findall(r"^    (\w+)/((?:.*\n?)(?:^ {6,}.*\n?)*)", MAP, re.MULTILINE)
}


def folder_of(command: Any) -> str:  # noqa: ANN401  # Click's own
    """The folder that a command, or the first of a group, is written in."""
    while hasattr(command, "commands"):
        command = next(iter(command.commands.values()))
    return str(command.callback.__module__).split(".")[2]


def test_every_folder_is_on_the_map_with_its_commands() -> None:
    there = {path.parent.name: set[str]() for path in ROOM.glob("*/__init__.py")}
    for name, command in get_command(app).commands.items():  # type: ignore[attr-defined]
        there[folder_of(command)].add(name)
    assert there == FOLDERS


def test_every_shared_module_is_named() -> None:
    there = {path.stem for path in ROOM.glob("*.py")} - {"__init__"}
    assert set(NAMES.findall(SHARED)) == there


def test_the_commands_on_a_data_directory_are_named() -> None:
    on_data = {
        name.removeprefix("keystead ")
        for name, command in COMMANDS.items()
        if any("--data" in each.opts for each in command.params)
    }
    page = (ROOM.parents[2] / "docs/guide/cli.md").read_text()
    told = page.split("## Two kinds of commands")[1].split("The others")[0]
    assert set(NAMES.findall(DIRECT.split("(")[1].split(")")[0])) == on_data
    assert set(NAMES.findall(told)) == on_data
