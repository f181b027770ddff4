"""The guide's tables are what the code says: routes, codes, exit codes, operations."""

import re
from pathlib import Path

from keystead.api.routes import ROUTES
from keystead.cli.failures import Exit
from keystead.crypto.master.given import SECRET_SETTINGS
from keystead.policy.permissions import RESOURCES
from keystead.settings_file import SETTINGS
from keystead.web.refusals import STATUS

OPEN = ("/healthz", "/readyz", "/openapi.json", "/.well-known/jwks.json")
GUIDE = Path(__file__).parents[2] / "docs" / "guide"


def rows(page: str, heading: str) -> list[list[str]]:
    """The cells of the tables under a heading, header and rule left out."""
    section = re.split(
        rf"^#+ {re.escape(heading)}$", (GUIDE / page).read_text(), flags=re.MULTILINE
    )[1]
    section = re.split(r"^## ", section, flags=re.MULTILINE)[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def quoted(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def test_every_code_has_its_row_and_status() -> None:
    written = [
        (code, int(status))
        for status, codes, _ in rows("api.md", "Errors")
        for code in quoted(codes)
    ]
    assert dict(written) == dict(STATUS)
    assert len(written) == len(STATUS), "a row stands twice"


def test_every_route_has_its_row_and_scope() -> None:
    written = set()
    for cell, scopes in rows("api.md", "Routes"):
        paths = quoted(cell)
        methods = cell.split(" `")[0].split(", ")
        full = [
            path if path.count("/") > 1 else paths[0].rsplit("/", 1)[0] + path for path in paths
        ]
        names = quoted(scopes) or [scopes]
        for path in full:
            for i, method in enumerate(methods):
                written.add((method, path, names[i] if len(names) > 1 else names[0]))
    served = {
        (route.method, re.sub(r":path\}", "}", route.path), str(route.verb.needs or "any"))
        for route in ROUTES
    }
    opened = {entry for entry in written if entry[2] == "none"}
    assert opened == {("GET", path, "none") for path in OPEN}
    assert {
        (m, p.replace("{folder path}/{name}", "{path}"), s) for m, p, s in written - opened
    } == served


def test_every_exit_code_has_its_row() -> None:
    assert {int(code) for code, _ in rows("cli.md", "Exit codes")} == {int(code) for code in Exit}


def test_every_scope_has_its_place() -> None:
    written = {
        quoted(resource)[0]: tuple(operations.split())
        for resource, operations in rows("tokens.md", "Scopes and levels")
    }
    assert written == dict(RESOURCES)


def test_every_setting_has_its_row() -> None:
    # What is secret has no place in the file, so its cell is empty.
    written = {quoted(cells[1])[0]: quoted(cells[0]) for cells in rows("operating.md", "Settings")}
    assert written == {
        f"KEYSTEAD_{name.upper()}": [] if name in SECRET_SETTINGS else [name] for name in SETTINGS
    }
