"""What holds of the package as a whole."""

import inspect
import subprocess
import sys

from keystead_client import AsyncClient, Client

TWINS = {"close": "aclose"}


def test_both_clients_take_the_same_calls_with_the_same_arguments() -> None:
    ours = {name for name in vars(Client) if not name.startswith("_")}
    theirs = {name for name in vars(AsyncClient) if not name.startswith("_")}
    assert {TWINS.get(name, name) for name in ours} == theirs
    for name in ours:
        one = inspect.signature(getattr(Client, name))
        other = inspect.signature(getattr(AsyncClient, TWINS.get(name, name)))
        assert one.parameters == other.parameters, name


def test_to_import_it_loads_nothing_that_is_slow() -> None:
    heavy = ("asyncio", "httpx2", "keystead", "logging", "pathlib.Path", "ssl", "socket")
    program = f"import sys, keystead_client; print([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
