"""The drawing of the house is kept by import-linter; here it runs, and is seen to bite."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINT_IMPORTS = Path(sys.executable).with_name("lint-imports")


def lint_imports(sources: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [LINT_IMPORTS, "--no-cache", "--no-logo", "--config", ROOT / "pyproject.toml"],
        cwd=sources,
        env={**os.environ, "PYTHONPATH": str(sources)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_imports_only_go_down_the_stairs() -> None:
    outcome = lint_imports(ROOT / "src")
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


@pytest.fixture(scope="module")
def empty_house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The rooms of the contract, with nothing in them: nothing is broken there."""
    sources = tmp_path_factory.mktemp("house")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    stairs = project["tool"]["importlinter"]["contracts"][0]["layers"]
    for stair in stairs:
        for room in stair.split(" | "):
            (sources / "keystead" / room).mkdir(parents=True)
            (sources / "keystead" / room / "__init__.py").touch()
    (sources / "keystead" / "__init__.py").touch()
    for room in ("", "_core", "_io", "records"):
        (sources / "keystead_client" / room).mkdir()
        (sources / "keystead_client" / room / "__init__.py").touch()
    assert lint_imports(sources).returncode == 0
    return sources


@pytest.mark.parametrize(
    ("room", "line", "contract"),
    [
        ("core", "import keystead.gate", "Imports only go down the stairs"),
        ("vault", "import keystead.audit", "Imports only go down the stairs"),
        ("api", "import keystead.store", "Doors for clients reach stores"),
        ("operations", "import sqlalchemy", "The middle knows no framework"),
        ("web", "import keystead_client", "Only the command line uses the client"),
        ("../keystead_client", "import keystead.core", "The client is a house of its own"),
        ("../keystead_client/_core", "import time", "The client's protocol does no input"),
        ("../keystead_client/_core", "import keystead_client._io", "The client's protocol does no"),
    ],
    ids=[
        "core-climbs",
        "siblings-meet",
        "a-door-opens-the-store",
        "an-operation-writes-sql",
        "web-calls-the-client",
        "the-client-knows-the-house",
        "the-protocol-asks-a-clock",
        "the-protocol-sends",
    ],
)
def test_a_forbidden_import_breaks_its_contract(
    empty_house: Path, room: str, line: str, contract: str
) -> None:
    astray = empty_house / "keystead" / room / "astray.py"
    astray.write_text(f'"""Astray."""\n\n{line}\n')
    try:
        outcome = lint_imports(empty_house)
    finally:
        astray.unlink()

    assert outcome.returncode != 0
    broken = [text for text in outcome.stdout.splitlines() if text.endswith("BROKEN")]
    assert any(text.startswith(contract) for text in broken), outcome.stdout
