"""Nothing committed names the machine it was written on, or an index it was fetched from."""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("src", "tests", "docs", "bench", "examples", "scripts", "rules", "requirements", ".ci")
SUFFIXES = {".py", ".md", ".toml", ".txt", ".in", ".yml", ".sh", ".json", ".css", ".html", ""}

# Wherever this checkout and its user's home happen to be.
MACHINE_PATH = re.compile("|".join(re.escape(f"{path}/") for path in (ROOT, Path.home())))


def project_files() -> Iterator[Path]:
    yield from (path for path in ROOT.iterdir() if path.is_file() and path.suffix in SUFFIXES)
    for folder in FOLDERS:
        for path in (ROOT / folder).rglob("*"):
            hidden = {"__pycache__", "_build", "node_modules"} & set(path.parts)
            if path.is_file() and path.suffix in SUFFIXES and not hidden:
                yield path


def test_no_file_names_a_path_of_one_machine() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in project_files()
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1)
        if MACHINE_PATH.search(line)
    ]
    assert found == []


def test_locked_requirements_name_no_address() -> None:
    for path in (ROOT / "requirements").iterdir():
        lines = path.read_text().splitlines()
        assert [line for line in lines if "://" in line or line.startswith("--")] == [], path.name


def test_every_locked_requirement_has_a_version_and_a_hash() -> None:
    for path in (ROOT / "requirements").glob("*.txt"):
        entries = path.read_text().replace("\\\n", " ").splitlines()
        bare = [e for e in entries if not ("==" in e and "--hash=sha256:" in e)]
        assert bare == [], path.name


def test_what_a_server_needs_is_what_the_project_file_says() -> None:
    project = (ROOT / "pyproject.toml").read_text().split("dependencies = [", 1)[1].split("]", 1)[0]
    declared = re.findall(r'"([^"]+)"', project)
    lines = (ROOT / "requirements" / "runtime.in").read_text().splitlines()
    assert declared == [line for line in lines if line and not line.startswith("#")]
