"""What the documentation points at exists: journeys, features, guide sections."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"

# Row families and how many rows each has; C16 to C18 are three rows like any others.
FAMILIES = {"S": 26, "A": 19, "C": 28, "N": 20, "F": 18, "K": 24}
ROWS = [f"{family}{n}" for family, count in FAMILIES.items() for n in range(1, count + 1)]

ROW = re.compile(
    r"^\| (?P<number>[SACNFK]\d+) \| (?P<sentence>[^|]+) \| (?P<state>[^|]+)"
    r" \| (?P<test>[^|]*) \| (?P<guide>[^|]*) \|$",
    re.MULTILINE,
)
TEST = re.compile(r"`(?P<path>tests/[\w/.-]+\.py)::(?P<name>\w+)`")
LINK = re.compile(r"\[[^\]]+\]\((?P<page>[\w/.-]+\.md)#(?P<anchor>[\w-]+)\)")

FEATURES = {match["number"]: match for match in ROW.finditer((DOCS / "features.md").read_text())}
BUILT = {number: row for number, row in FEATURES.items() if row["state"] != "not yet"}


def anchors(page: Path) -> set[str]:
    """The slugs of a page's headings, as the documentation builder makes them."""
    headings = re.findall(r"^#{1,4} (.+)$", page.read_text(), re.MULTILINE)
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings
    }


def test_every_row_stands_once_in_order() -> None:
    rows = [match["number"] for match in ROW.finditer((DOCS / "features.md").read_text())]
    assert rows == ROWS


def test_every_row_has_a_sentence_and_a_known_state() -> None:
    for number, row in FEATURES.items():
        assert row["sentence"].strip().endswith("."), number
        assert row["state"] in {"done", "page open", "in part", "not yet"}, number


@pytest.mark.parametrize("number", sorted(BUILT, key=lambda number: ROWS.index(str(number))))
def test_a_built_row_names_tests_that_exist(number: str) -> None:
    named = list(TEST.finditer(BUILT[number]["test"]))
    assert named, "a row that is built names at least one test"
    for test in named:
        source = (ROOT / test["path"]).read_text()
        assert re.search(rf"def {test['name']}\b", source), test[0]


@pytest.mark.parametrize("number", sorted(BUILT, key=lambda number: ROWS.index(str(number))))
def test_a_built_row_is_shown_in_the_guide(number: str) -> None:
    links = list(LINK.finditer(BUILT[number]["guide"]))
    assert links, "a row that is built is shown in the guide"
    for link in links:
        assert link["anchor"] in anchors(DOCS / link["page"]), link[0]


def test_a_row_that_is_not_built_promises_nothing() -> None:
    for number in FEATURES.keys() - BUILT.keys():
        assert FEATURES[number]["test"].strip() == FEATURES[number]["guide"].strip() == "", number


def test_every_path_of_a_journey_exists() -> None:
    paths = re.findall(
        r"`((?:src|tests|docs|examples)/[\w/.-]+)`", (DOCS / "journeys.md").read_text()
    )
    assert len(paths) > 10
    assert [path for path in paths if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "SECURITY.md"])
def test_links_of_the_front_pages_lead_somewhere(page: str) -> None:
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", (ROOT / page).read_text())
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_pages_that_the_code_points_at_exist() -> None:
    pointing = [*(ROOT / "src").rglob("*.py"), *(ROOT / "tests").rglob("*.py")]
    lost = [
        f"{path.relative_to(ROOT)}: {page}"
        for path in pointing
        if path.parent not in {ROOT / "tests" / "docs", Path(__file__).parent}
        for page in re.findall(r"(?<![\w/.])[\w/-]+\.md\b", path.read_text())
        if not any((base / page).exists() for base in (ROOT, DOCS, DOCS / "guide"))
    ]
    assert lost == []
