"""Accounts are found by what is known of them, among those that the caller may see, page by page."""

from __future__ import annotations

import time
from threading import Event, Thread
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

if TYPE_CHECKING:
    from tests.running import Server

ACCOUNTS = "/api/v1/accounts"


def names(server: Server, query: str, token: str | None = "") -> list[str]:
    answer = server.call("GET", f"{ACCOUNTS}?{query}", token=token)
    assert answer.status == 200, answer.body
    return [item["name"] for item in answer.json()["items"]]


@pytest.mark.parametrize(
    ("field", "value", "asked"),
    [
        ("name", "Orders {}", "orders {}"),
        ("username", "app-{}", "APP-{}"),
        ("target", "db-{}.example.com:5432", "{}.EXAMPLE"),
        ("tags", ["nightly {}", "other"], "nightly {}"),
        ("notes", "first line\nRenewed by {} each spring", "renewed by {}"),
        ("name", "Straße {}", "STRASSE {}"),
    ],
)
def test_a_text_is_found_wherever_it_stands(
    server: Server, field: str, value: str | list[str], asked: str
) -> None:
    mark = server.unique("mark").replace(" ", "")
    filled = [v.format(mark) for v in value] if isinstance(value, list) else value.format(mark)
    folder = server.folder()
    made = server.account(folder["id"], **{field: filled})
    server.account(folder["id"])
    assert names(server, f"q={quote(asked.format(mark))}") == [made["name"]]


@pytest.mark.parametrize("wild", ["%", "_", "*", "?", "\\", "'", '"', "[", "^a", "a OR b"])
def test_no_character_of_a_search_is_a_wildcard(server: Server, wild: str) -> None:
    mark = server.unique("wild").replace(" ", "")
    folder = server.folder()
    server.account(folder["id"], notes=f"{mark} plain")
    made = server.account(folder["id"], notes=f"{mark} {wild} odd")
    assert names(server, f"q={quote(f'{mark} {wild} odd')}") == [made["name"]]
    assert names(server, f"q={quote(f'{mark}{wild}')}") == []


def test_a_long_text_is_not_compared_from_every_place_of_long_notes(server: Server) -> None:
    folder = server.folder()
    for _ in range(100):
        server.account(folder["id"], notes="a" * 10_000)
    made = server.account(folder["id"], notes="a" * 9_999 + "b")
    asked = f"folder_id={folder['id']}&q={'a' * 253}"
    took = []
    for _ in range(3):
        began = time.monotonic()
        assert names(server, f"{asked}b") == [made["name"]]
        assert names(server, f"{asked}*") == []
        took.append(time.monotonic() - began)
    # From every place each of these takes more than a second.
    assert min(took) < 0.8


def test_values_are_not_searched(server: Server) -> None:
    mark = server.unique("sealed").replace(" ", "")
    server.account(server.folder()["id"], fields={"password": f"{mark} pass-word"})
    assert names(server, f"q={mark}") == []


def test_only_what_may_be_seen_is_found(server: Server) -> None:
    mark = server.unique("seen").replace(" ", "")
    wanted = {"kind": "application", "name": server.unique("application")}
    owner = server.call("POST", "/api/v1/owners", wanted).json()
    open_to_it = server.folder(grants=[{"owner_id": owner["id"], "right": "viewer"}])
    inside = server.folder(parent_id=open_to_it["id"])
    closed = server.folder()
    seen = [server.account(f["id"], notes=mark)["name"] for f in (open_to_it, inside)]
    server.account(closed["id"], notes=mark)
    token, _ = server.token("accounts:list", owner_id=owner["id"])
    assert sorted(names(server, f"q={mark}", token)) == sorted(seen)
    assert names(server, f"q={mark}&folder_id={closed['id']}", token) == []
    assert len(names(server, f"q={mark}")) == 3, "an administrator sees them all"


def test_filters_are_joined(server: Server) -> None:
    mark = server.unique("joined").replace(" ", "")
    folder, other = server.folder(), server.folder()
    made = server.account(folder["id"], notes=mark, type="database", tags=["prod"])
    server.account(folder["id"], notes=mark, type="database", tags=["product"])
    server.account(folder["id"], notes=mark, type="api", tags=["prod"])
    server.account(other["id"], notes=mark, type="database", tags=["prod"])
    query = f"q={mark}&type=database&tag=prod&folder_id={folder['id']}"
    assert names(server, query) == [made["name"]]


def test_pages_are_whole_while_others_write(server: Server) -> None:
    mark = server.unique("pages").replace(" ", "")
    folder = server.folder()
    kept = [
        server.account(folder["id"], name=f"{mark} {n:03d} kept", notes=mark)["name"]
        for n in range(30)
    ]
    over = Event()
    writer = Thread(target=write_among, args=(server, folder["id"], mark, over))
    writer.start()
    try:
        for _ in range(3):
            walked = walk(server, f"q={mark}&page_size=4")
            assert len(walked) == len(set(walked)), "nothing comes twice"
            assert [name for name in walked if name.endswith("kept")] == kept, "nothing is missed"
    finally:
        over.set()
        writer.join()


def write_among(server: Server, folder_id: str, mark: str, over: Event) -> None:
    number = 0
    while not over.is_set():
        name = f"{mark} {number % 30:03d} other {number}"
        made = server.account(folder_id, name=name, notes=mark)
        if number % 2:
            server.call("DELETE", f"{ACCOUNTS}/{made['id']}")
        number += 1


def walk(server: Server, query: str) -> list[str]:
    found: list[str] = []
    after: str | None = ""
    while after is not None:
        more = f"&page_token={after}" if after else ""
        answer = server.call("GET", f"{ACCOUNTS}?{query}{more}").json()
        found += [item["name"] for item in answer["items"]]
        after = answer["next_page_token"]
    return found
