"""Commands that stand within a sentence of the pages, where none is run, are commands that there are."""

import re
from pathlib import Path

import pytest

from tests.cli.test_json_everywhere import COMMANDS

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs" / "guide"
PAGES = [ROOT / "README.md", ROOT / "docs" / "quickstart.md", *sorted(GUIDE.glob("*.md"))]
WITHIN = re.compile(r"(?<!`)`keystead ((?:[a-z]+(?:-[a-z]+)*(?: |(?=`)))+)")
TOP = {name.split()[1] for name in COMMANDS}


def is_known(words: list[str]) -> bool:
    """Whether the words begin with a command, or are the name of a group."""
    return any(" ".join(["keystead", *words[:n]]) in COMMANDS for n in (1, 2, 3)) or (
        len(words) == 1 and words[0] in TOP
    )


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_that_a_page_names_is_one(page: Path) -> None:
    named = [found.split() for found in WITHIN.findall(page.read_text())]
    assert [words for words in named if not is_known(words)] == []


def test_the_front_pages_name_the_four_verbs() -> None:
    verbs = ["Issue", "Verify", "Hold", "Account for"]
    readme = (ROOT / "README.md").read_text()
    index = (ROOT / "docs" / "index.md").read_text()
    assert re.findall(r"^- \*\*([^*.]+)\.\*\*", readme, re.MULTILINE) == verbs
    assert re.findall(r"^- \*\*([^*.]+)\*\*", index, re.MULTILINE) == verbs
