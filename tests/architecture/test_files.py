"""Files stay short enough to be read in one go, and packages say what they are."""

import ast
import statistics
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "src").rglob("*.py"))
EVERYTHING = [
    path
    for folder in ("src", "tests", "bench", "docs", "examples", "scripts")
    for path in sorted((ROOT / folder).rglob("*.py"))
]
PACKAGES = [path for path in SOURCES if path.name == "__init__.py"]


def lines_of(path: Path) -> int:
    return len(path.read_text().splitlines())


def test_no_file_is_over_400_lines() -> None:
    long = {str(path.relative_to(ROOT)) for path in EVERYTHING if lines_of(path) > 400}
    assert long == set()


def test_no_room_is_over_1600_lines() -> None:
    """Of its own: a room that grows gets rooms within it, by noun."""
    rooms: dict[str, int] = {}
    for path in SOURCES:
        room = str(path.parent.relative_to(ROOT))
        rooms[room] = rooms.get(room, 0) + lines_of(path)
    assert {room: lines for room, lines in rooms.items() if lines > 1_600} == {}


def test_half_of_the_files_are_within_120_lines() -> None:
    assert statistics.median(lines_of(path) for path in SOURCES) <= 120


@pytest.mark.parametrize("path", PACKAGES, ids=lambda path: str(path.relative_to(ROOT / "src")))
def test_a_package_is_a_docstring_and_what_it_offers(path: Path) -> None:
    tree = ast.parse(path.read_text())
    assert ast.get_docstring(tree), "the docstring says what the room owns and what it does not"
    for statement in tree.body[1:]:
        if isinstance(statement, ast.ImportFrom):
            continue
        targets = (
            statement.targets
            if isinstance(statement, ast.Assign)
            else [statement.target]
            if isinstance(statement, ast.AnnAssign)
            else []
        )
        names = [target.id for target in targets if isinstance(target, ast.Name)]
        assert names == ["__all__"], f"line {statement.lineno}: code belongs in a module"


@pytest.mark.parametrize("path", PACKAGES, ids=lambda path: str(path.relative_to(ROOT / "src")))
def test_a_package_that_lists_its_modules_lists_them_all(path: Path) -> None:
    """The client's packages offer names of theirs instead, and some list nothing."""
    tree = ast.parse(path.read_text())
    listed = [ast.literal_eval(each.value) for each in tree.body if isinstance(each, ast.Assign)]
    if not listed or any(isinstance(each, ast.ImportFrom) for each in tree.body):
        return
    beside = {one.stem for one in path.parent.glob("*.py")} - {"__init__"}
    within = {one.parent.name for one in path.parent.glob("*/__init__.py")}
    assert listed == [sorted(beside | within)]
