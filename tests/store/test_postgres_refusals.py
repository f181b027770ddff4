"""Whatever PostgreSQL refuses is said in words to act on: no traceback, no password, nothing half made."""

from __future__ import annotations

import json
import socket
import threading
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

import pytest

from keystead.store.postgres.aside import Aside
from tests.crash.cluster import Cluster, own_cluster
from tests.doors.certificates import new_pair
from tests.store.command import Command
from tests.store.servers import SERVER, own_database, own_schema, require_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.postgresql

PASSWORD = "hunter2-never-said"
WRONG = "guessed-never-said"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    require_server()
    with own_database() as url:
        yield url


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A server that asks one role for its password, and another one for TLS."""
    with own_cluster() as made:
        pair = new_pair()
        made.put("server.crt", pair.cert)
        made.put("server.key", pair.key)
        with Aside(made.url) as server:
            server.execute(f"CREATE ROLE asked LOGIN PASSWORD '{PASSWORD}'")
            server.execute(f"CREATE ROLE hidden LOGIN PASSWORD '{PASSWORD}'")
            server.execute("CREATE ROLE single LOGIN CONNECTION LIMIT 1")
            server.execute("CREATE DATABASE keystead OWNER asked")
            server.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
            server.execute("ALTER SYSTEM SET ssl = on")
        made.let_in(
            "host all asked 127.0.0.1/32 scram-sha-256",
            "hostssl all hidden 127.0.0.1/32 scram-sha-256",
            "host all hidden 127.0.0.1/32 reject",
        )
        yield made


def at(url: str, user: str = "", database: str = "", query: str = "") -> str:
    """Return an address with another user (and password), database or parameters."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    netloc = f"{user or parts.netloc.rpartition('@')[0]}@{host}"
    return urlunsplit(
        parts._replace(netloc=netloc, path=f"/{database}" if database else parts.path, query=query)
    )


def refused(command: Command, data: Path, url: str, *said: str) -> str:
    done = command("init", "--data", str(data), "--database-url", url)
    assert done.code == 9, done.err
    told = done.out + done.err
    for each in said:
        assert each in told
    for secret in (PASSWORD, WRONG, "Traceback"):
        assert secret not in told
    assert list(data.parent.iterdir()) == [], "nothing was made"
    return done.err


def test_a_database_that_is_not_there(command: Command, tmp_path: Path, url: str) -> None:
    refused(command, tmp_path / "data", at(url, database="no_such"), "does not exist", "Create it")


def test_a_role_that_is_not_there(command: Command, tmp_path: Path, url: str) -> None:
    refused(command, tmp_path / "data", at(url, f"nobody:{PASSWORD}"), '"nobody"', "role")


def test_a_wrong_password(command: Command, tmp_path: Path, cluster: Cluster) -> None:
    asked = at(cluster.url, f"asked:{WRONG}", "keystead")
    refused(command, tmp_path / "data", asked, "password authentication failed", "PGPASSFILE")


def test_a_password_from_a_file(
    command: Command, tmp_path: Path, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "passwords"
    file.write_text(f"127.0.0.1:*:*:asked:{PASSWORD}\n")
    file.chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(file))
    data = tmp_path / "data"
    done = command(
        "init", "--data", str(data), "--database-url", at(cluster.url, "asked", "keystead")
    )
    assert done.code == 0, done.err
    assert PASSWORD not in (data / "keystead.toml").read_text()
    again = command("doctor", "--data", str(data), "--json")
    assert PASSWORD not in again.out
    assert "PostgreSQL" in again.out


def test_folders_in_a_circle(command: Command, tmp_path: Path) -> None:
    require_server()
    data = tmp_path / "data"
    with own_schema() as url:
        assert command("init", "--data", str(data), "--database-url", url).code == 0
        with Aside(url) as server:
            server.execute(
                "INSERT INTO folders"
                " (id, name, name_key, parent_id, created_by, created_at, modified_at, revision)"
                " SELECT 'fld_' || a, a, a, 'fld_' || b, owners.id, 1, 1, 1"
                " FROM owners, (VALUES ('a', 'b'), ('b', 'a')) AS circle (a, b)"
            )
        done = command("doctor", "--data", str(data), "--json")
    assert done.code == 9
    assert "2 folders hang from no top" in done.out


def test_a_role_that_may_make_nothing(command: Command, tmp_path: Path, cluster: Cluster) -> None:
    poor = at(cluster.url, "single", "postgres")
    refused(command, tmp_path / "data", poor, "permission denied", "database of its own")


def test_a_server_that_wants_tls(command: Command, tmp_path: Path, cluster: Cluster) -> None:
    plain = at(cluster.url, f"hidden:{PASSWORD}", "keystead", "sslmode=disable")
    refused(command, tmp_path / "data", plain, "sslmode=require")


def test_a_server_without_tls(command: Command, tmp_path: Path, cluster: Cluster) -> None:
    with Aside(cluster.url) as server:
        server.execute("ALTER SYSTEM SET ssl = off")
        server.fetch("SELECT pg_reload_conf()")
    try:
        refused(command, tmp_path / "data", at(cluster.url, query="sslmode=require"), "TLS")
    finally:
        with Aside(cluster.url) as server:
            server.execute("ALTER SYSTEM SET ssl = on")
            server.fetch("SELECT pg_reload_conf()")


def test_a_certificate_of_somebody_else(command: Command, tmp_path: Path, cluster: Cluster) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (tmp_path / "other.pem").write_bytes(new_pair().cert)
    query = f"sslmode=verify-full&sslrootcert={tmp_path / 'other.pem'}"
    refused(command, home / "data", at(cluster.url, query=query), "not trusted", "sslrootcert")


def test_a_server_with_too_few_places(command: Command, tmp_path: Path, cluster: Cluster) -> None:
    single = at(cluster.url, "single")
    with Aside(single):
        refused(command, tmp_path / "data", single, "too many connections")


def test_a_standby(command: Command, tmp_path: Path, cluster: Cluster) -> None:
    cluster.stop()
    cluster.put("standby.signal", b"")
    cluster.start()
    try:
        refused(command, tmp_path / "data", cluster.url, "standby", "primary")
    finally:
        cluster.stop()
        cluster.remove("standby.signal")
        cluster.start()


def test_a_server_that_takes_no_writes(command: Command, tmp_path: Path, url: str) -> None:
    query = "default_transaction_read_only=on"
    refused(command, tmp_path / "data", at(url, query=query), "takes no writes")


def test_a_server_that_is_too_old(command: Command, tmp_path: Path) -> None:
    require_server()
    with own_schema() as url:
        name = url.partition("search_path=")[2]
        with Aside(url) as server:
            # What the server is asked for its version by.
            server.execute(
                f"CREATE FUNCTION {name}.current_setting(text) RETURNS text LANGUAGE sql"
                " AS $$ SELECT '130014' $$"
            )
        refused(command, tmp_path / "data", f"{url},pg_catalog", "PostgreSQL 13", "14 or later")


def test_an_encoding_that_cannot_hold_names(command: Command, tmp_path: Path) -> None:
    require_server()
    form = "ENCODING 'LATIN1' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'"
    with own_database(form) as url:
        refused(command, tmp_path / "data", url, "LATIN1", "UTF8")


@pytest.mark.parametrize(
    "tables",
    [
        "CREATE TABLE owners (name TEXT)",
        "CREATE TABLE alembic_version AS SELECT '0001' AS version_num",
        "CREATE TABLE alembic_version (version_num TEXT)",
    ],
    ids=["tables", "revision", "no-revision"],
)
def test_a_database_of_another_program(command: Command, tmp_path: Path, tables: str) -> None:
    require_server()
    with own_schema() as url:
        with Aside(url) as server:
            server.execute(tables)
        refused(command, tmp_path / "data", url, "another program's", "of its own")
        with Aside(url) as server:
            found = server.value(
                "SELECT count(*) FROM pg_class WHERE relkind = 'r'"
                " AND relnamespace = current_schema()::regnamespace"
            )
        assert found == 1, "it is left as it was"


def test_a_newer_version_s_database(command: Command, tmp_path: Path) -> None:
    require_server()
    with own_schema() as url:
        data = tmp_path / "data"
        assert command("init", "--data", str(data), "--database-url", url).code == 0
        with Aside(url) as server:
            server.execute("UPDATE alembic_version SET version_num = '9999'")
        for words in (("serve", "--listen", "127.0.0.1:0"), ("audit", "verify"), ("doctor",)):
            done = command(*words, "--data", str(data))
            assert done.code == 9, done.err
            assert "newer version" in done.out + done.err


@pytest.mark.parametrize(
    "parameter",
    ["no_such=1", "sslmode=odd", "target_session_attrs=any", "synchronous_commit=off"],
)
def test_a_parameter_that_nobody_knows(
    command: Command, tmp_path: Path, url: str, parameter: str
) -> None:
    refused(command, tmp_path / "data", at(url, query=parameter), parameter.partition("=")[0])


def test_a_host_that_nobody_knows(command: Command, tmp_path: Path) -> None:
    url = f"postgresql://keystead:{PASSWORD}@no-such-host.invalid/keystead"
    refused(command, tmp_path / "data", url, "no-such-host.invalid/keystead", "nobody knows")


def test_a_port_where_nobody_listens(command: Command, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    url = f"postgresql://keystead:{PASSWORD}@127.0.0.1:{port}/keystead"
    refused(command, tmp_path / "data", url, "cannot be reached", "Is the server running?")


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n"], ids=["none", "http"])
def test_a_port_where_something_else_listens(
    command: Command, tmp_path: Path, answer: bytes
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, ExitStack() as stack:

        def speak() -> None:
            with suppress(OSError):
                while True:
                    client, _ = listener.accept()
                    with client, suppress(ConnectionError):
                        client.recv(1024)
                        client.sendall(answer)

        thread = threading.Thread(target=speak, daemon=True)
        thread.start()
        stack.callback(listener.shutdown, socket.SHUT_RDWR)
        port = listener.getsockname()[1]
        url = f"postgresql://keystead:{PASSWORD}@127.0.0.1:{port}/keystead"
        refused(command, tmp_path / "data", url, f"127.0.0.1:{port}/keystead")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://keystead:hunter2/never@db/keystead",
        "postgresql://keystead:hunter2?never@db/keystead",
        "postgresql://keystead:hunter2#never@db/keystead",
        "postgresql://keystead:hunter2@never@db/keystead",
        "postgresql://keystead:hunter2%never@db/keystead",
        "postgresql://keystead:hunter2[never@db/keystead",
        "postgresql://keystead:never@db:hunter2/keystead",
        "postgresql://keystead:hunter2/never@db",
        "mysql://keystead:hunter2never@db/keystead",
        "hunter2never",
        "postgresql://keystead:hunter2\nnever@db/keystead",
    ],
)
@pytest.mark.parametrize("as_json", [False, True], ids=["text", "json"])
def test_an_address_that_is_not_understood_is_not_repeated(
    command: Command, tmp_path: Path, url: str, as_json: bool
) -> None:
    words = ("init", "--data", str(tmp_path / "data"), "--database-url", url)
    done = command(*words, *(["--json"] if as_json else []))
    assert done.code == 9
    assert "database_url" in done.err
    for part in ("hunter2", "never"):
        assert part not in done.out + done.err
    if as_json:
        assert json.loads(done.err)["error"]["code"] == "misconfigured"


def test_every_command_says_it(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    require_server()
    data = tmp_path / "data"
    with own_schema() as other:
        assert command("init", "--data", str(data), "--database-url", other).code == 0
    monkeypatch.setenv("KEYSTEAD_DATABASE_URL", at(SERVER, f"keystead:{PASSWORD}", "no_such"))
    for words in (
        ("serve", "--listen", "127.0.0.1:0"),
        ("doctor",),
        ("audit", "verify"),
        ("audit", "export"),
        ("audit", "checkpoint"),
    ):
        done = command(*words, "--data", str(data))
        assert done.code == 9, words
        assert "/no_such" in done.out + done.err, words
        assert PASSWORD not in done.out + done.err
        assert "Traceback" not in done.err
