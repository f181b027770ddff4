"""Requests as they are, byte for byte, and what an answer to a bad one has."""

from __future__ import annotations

import contextlib
import socket
import sqlite3
from contextlib import closing
from http.client import HTTPResponse
from typing import Final

from tests.doors.cast import V1, problem
from tests.running import Answer, Server

__all__ = ["BODIES", "CANARY", "contents", "head", "head_at", "raw", "refused"]

TABLES: Final = (
    "owners", "credentials", "credential_secrets", "folders", "folder_grants", "accounts",
    "account_versions",
)  # fmt: skip
CANARY: Final = "canary-7Wq9-value"
BODIES: Final = ("/credentials", "/owners", "/folders", "/accounts")


def contents(server: Server) -> dict[str, int]:
    """Return how much of everything there is."""
    with closing(sqlite3.connect(f"file:{server.data}/keystead.db?mode=ro", uri=True)) as database:
        return {
            table: database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            for table in TABLES
        }


def raw(server: Server, asked: str, *pieces: bytes, source: str = "127.0.0.1") -> Answer:
    """Send exactly these bytes; return what came back, also where the peer hung up early."""
    host, _, port = server.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), 30, (source, 0)) as connection:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            for piece in (asked.encode("latin-1"), *pieces):
                connection.sendall(piece)
        with contextlib.closing(HTTPResponse(connection)) as found:
            found.begin()
            headers = {name.lower(): value for name, value in found.getheaders()}
            return Answer(found.status, headers, found.read())


def refused(answer: Answer, *fields: str) -> None:
    """Check that it is a 400 which names exactly these fields, and repeats no value."""
    assert problem(answer) == (400, "invalid_request"), answer.body
    assert [error["field"] for error in answer.json().get("errors", [])] == list(fields)
    assert CANARY not in answer.body.decode()


def head(server: Server, method: str, path: str, *headers: str) -> str:
    """Return the head of the administrator's request of a path under /api/v1."""
    return head_at(server, method, V1 + path, *headers)


def head_at(server: Server, method: str, path: str, *headers: str) -> str:
    """Return the head of the administrator's request of a whole path."""
    lines = (
        f"{method} {path} HTTP/1.1",
        "Host: keystead",
        f"Authorization: Bearer {server.admin_token}",
        "Content-Type: application/json",
        "Connection: close",
        *headers,
    )
    return "".join(f"{line}\r\n" for line in lines) + "\r\n"
