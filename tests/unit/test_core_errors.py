"""The tree of errors, as it is drawn."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from keystead.core import errors

SOURCES = sorted(Path(errors.__file__).parents[1].rglob("*.py"))


def drawn() -> dict[str, str]:
    """Return the name above each name of the drawing."""
    found: dict[str, str] = {}
    above: dict[int, str] = {}
    for line in (errors.__doc__ or "").splitlines():
        match = re.match(r"    ([│ ]*)[├└]── (\w+)", line) or re.match(
            r"    ()(KeysteadError)$", line
        )
        if match is not None:
            depth = len(match[1]) // 4 + (match[2] != "KeysteadError")
            above[depth] = match[2]
            found[match[2]] = above.get(depth - 1, "Exception")
    return found


def defined() -> dict[str, str]:
    """Return the name above each error of the house that descends from its root."""
    bases = {
        node.name: base.id
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef)
        for base in node.bases
        if isinstance(base, ast.Name)
    }
    found = {"KeysteadError": "Exception"}
    while more := {n: base for n, base in bases.items() if base in found and n not in found}:
        found |= more
    return found


def test_every_error_is_drawn_in_its_place() -> None:
    assert drawn() == defined()
