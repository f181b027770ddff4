"""Rows S of docs/features.md, each through a real door."""

import json
import ssl
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.doors.certificates import new_pair, put
from tests.features.asking import field_errors, list_of, password_at, place, wanted
from tests.running import KEYSTEAD, Server, installed, start

NO_SUCH_AUTHORITY = 60
"""What curl ends with where it cannot trust the certificate."""


def test_s1_a_program_fetches_one_secret_as_json_or_text(server: Server) -> None:
    account, path = place(server)
    token, _ = server.token("secrets:read")
    by_path = server.call("GET", path, token=token)
    by_id = server.call("GET", f"/api/v1/accounts/{account['id']}/secret", token=token)
    text = server.call("GET", path, token=token, headers={"Accept": "text/plain"})
    assert by_path.json()["fields"] == by_id.json()["fields"] == {"password": "pass-word"}
    assert text.headers["content-type"] == "text/plain; charset=utf-8"
    assert text.body == b"pass-word"


def test_s2_a_token_and_an_address_are_enough(server: Server) -> None:
    _, path = place(server)
    made = server.call("POST", "/api/v1/credentials", wanted(server, "secrets:read"))
    assert password_at(server, path, made.json()["secret"]) == "pass-word"


def test_s4_a_name_is_taken_whatever_its_case(server: Server) -> None:
    name = server.unique("Nightly Straße")
    made = server.call("POST", "/api/v1/credentials", wanted(server, name=f"  {name} "))
    assert made.json()["credential"]["name"] == name
    again = server.call("POST", "/api/v1/credentials", wanted(server, name=name.upper()))
    assert (again.status, again.code) == (409, "name_taken")
    empty = server.call("POST", "/api/v1/credentials", wanted(server, name="   "))
    assert field_errors(empty) == {"name"}


def test_s5_a_description_has_up_to_1000_characters(server: Server) -> None:
    _, credential = server.token("secrets:read", description="é" * 1000)
    assert credential["description"] == "é" * 1000
    longer = server.call("POST", "/api/v1/credentials", wanted(server, description="é" * 1001))
    assert field_errors(longer) == {"description"}


def test_s6_no_network_means_anywhere(server: Server) -> None:
    _, path = place(server)
    anywhere, _ = server.token("secrets:read")
    bound, _ = server.token("secrets:read", networks=["127.0.0.9"])
    assert server.call("GET", path, token=anywhere, source="127.0.0.2").status == 200
    assert server.call("GET", path, token=bound, source="127.0.0.9").status == 200
    refused = server.call("GET", path, token=bound, source="127.0.0.2")
    assert (refused.status, refused.code) == (403, "network_denied")
    assert b"127.0.0.9" not in refused.body


def test_s7_addresses_of_both_families_without_duplicates(server: Server) -> None:
    typed = ["192.0.2.7", "2001:DB8::7", "2001:db8:0::7", "::ffff:192.0.2.7"]
    _, credential = server.token("secrets:read", networks=typed)
    assert credential["networks"] == [
        {"text": "192.0.2.7", "interpreted": "192.0.2.7"},
        {"text": "2001:DB8::7", "interpreted": "2001:db8::7"},
    ]


@pytest.mark.parametrize("typed", ["127.0.0.5-127.0.0.9", "127.0.0.5:127.0.0.9"], ids=["-", ":"])
def test_s8_a_range_takes_in_both_its_ends(server: Server, typed: str) -> None:
    token, credential = server.token("secrets:read", networks=[typed])
    assert credential["networks"] == [{"text": typed, "interpreted": "127.0.0.5-127.0.0.9"}]
    statuses = [
        server.call("GET", "/api/v1/whoami", token=token, source=f"127.0.0.{last}").status
        for last in (4, 5, 9, 10)
    ]
    assert statuses == [403, 200, 200, 403]
    backwards = wanted(server, networks=["10.0.0.9-10.0.0.5", "10.0.0.1-2001:db8::1"])
    refused = server.call("POST", "/api/v1/credentials", backwards)
    assert field_errors(refused) == {"networks[0]", "networks[1]"}


def test_s9_a_block_may_have_host_bits(server: Server) -> None:
    token, credential = server.token("secrets:read", networks=["127.0.1.30/24"])
    assert credential["networks"] == [{"text": "127.0.1.30/24", "interpreted": "127.0.1.0/24"}]
    assert server.call("GET", "/api/v1/whoami", token=token, source="127.0.1.200").status == 200
    assert server.call("GET", "/api/v1/whoami", token=token, source="127.0.2.1").status == 403


def test_s11_the_type_is_fixed_when_it_is_made(server: Server) -> None:
    _, credential = server.token("secrets:read", type="static")
    assert credential["type"] == "static"
    changed = server.call("PATCH", f"/api/v1/credentials/{credential['id']}", {"type": "dynamic"})
    assert field_errors(changed) == {"type"}
    other = server.call("POST", "/api/v1/credentials", wanted(server, type="dynamic"))
    assert field_errors(other) == {"type"}


def test_s12_never_is_said_and_not_assumed(server: Server) -> None:
    unsaid = wanted(server)
    del unsaid["expires_at"]
    assert field_errors(server.call("POST", "/api/v1/credentials", unsaid)) == {"expires_at"}
    _, credential = server.token("secrets:read", expires_at=None)
    assert credential["expires_at"] is None


def test_s13_an_end_lies_in_the_future_and_is_kept_in_utc(server: Server) -> None:
    past = server.call(
        "POST", "/api/v1/credentials", wanted(server, expires_at="2001-01-01T00:00:00Z")
    )
    assert field_errors(past) == {"expires_at"}
    token, credential = server.token("secrets:read", expires_at="2101-01-01T01:30:00+01:30")
    assert credential["expires_at"] == "2101-01-01T00:00:00Z"
    answer = server.call("GET", "/api/v1/whoami", token=token)
    assert answer.headers["keystead-credential-expires"] == "2101-01-01T00:00:00Z"


def test_s15_operations_are_chosen_one_by_one_or_by_level(server: Server) -> None:
    token, credential = server.token("secrets:read", levels={"accounts": "write"})
    assert credential["access"] == [
        {"api": "keystead", "scopes": ["secrets:read"], "levels": {"accounts": "write"}}
    ]
    held = server.call("GET", "/api/v1/whoami", token=token).json()["scopes"]
    accounts = [f"accounts:{action}" for action in ("create", "delete", "edit", "list", "read")]
    assert held == [*accounts, "secrets:read"]
    none = server.call("POST", "/api/v1/credentials", wanted(server, scopes=[]))
    assert none.code == "invalid_request"


def test_s16_a_refusal_names_the_operation(server: Server) -> None:
    token, _ = server.token("secrets:read")
    refused = server.call("GET", "/api/v1/accounts", token=token)
    assert (refused.status, refused.code) == (403, "insufficient_scope")
    assert "accounts:list" in refused.json()["detail"]


def test_s17_the_secret_is_shown_once_and_kept_as_a_digest(server: Server) -> None:
    made = server.call("POST", "/api/v1/credentials", wanted(server))
    secret, credential = made.json()["secret"], made.json()["credential"]
    assert made.headers["cache-control"] == "no-store"
    path = f"/api/v1/credentials/{credential['id']}"
    for later in (path, f"{path}/secrets", "/api/v1/credentials?page_size=200"):
        assert secret[16:].encode() not in server.call("GET", later).body
    kept = b"".join(file.read_bytes() for file in server.data.iterdir() if file.is_file())
    assert credential["public_id"][4:].encode() in kept
    assert secret.encode() not in kept
    assert secret[16:59].encode() not in kept


def test_s20_plain_curl_is_enough(server: Server) -> None:
    _, path = place(server)
    token, _ = server.token("secrets:read")
    done = curl(token, f"{server.url}{path}")
    assert json.loads(done.stdout)["fields"] == {"password": "pass-word"}


def test_s20_curl_checks_the_certificate(tmp_path: Path) -> None:
    pair = new_pair()
    cert, key = put(tmp_path, cert=pair.cert, key=pair.key)
    data = tmp_path / "data"
    served = start(
        data, installed(data), "--tls-cert", str(cert), "--tls-key", str(key),
        context=ssl.create_default_context(cafile=cert),
    )  # fmt: skip
    try:
        whoami = f"{served.url}/api/v1/whoami"
        done = curl(served.admin_token, whoami, "--cacert", str(cert))
        assert json.loads(done.stdout)["address"] == "127.0.0.1"
        unknown = curl(served.admin_token, whoami)
        assert (unknown.returncode, unknown.stdout) == (NO_SUCH_AUTHORITY, b"")
    finally:
        served.stop()


def test_s21_a_deleted_token_is_refused_from_the_next_request_on(server: Server) -> None:
    token, credential = server.token("secrets:read")
    path = f"/api/v1/credentials/{credential['id']}"
    assert server.call("GET", "/api/v1/whoami", token=token).status == 200
    assert server.call("DELETE", path).status == 204
    assert server.call("GET", "/api/v1/whoami", token=token).status == 401
    assert server.call("GET", path).code == "not_found"
    assert credential["id"] not in list_of(server, "/api/v1/credentials")


def test_s22_a_token_is_edited_and_its_end_moved(server: Server) -> None:
    soon = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    token, credential = server.token("secrets:read", expires_at=soon)
    change: dict[str, Any] = {
        "name": server.unique("renamed"),
        "description": "for the night",
        "scopes": ["accounts:list"],
        "networks": ["127.0.0.1"],
        "expires_at": "2101-01-01T00:00:00Z",
    }
    edited = server.call("PATCH", f"/api/v1/credentials/{credential['id']}", change).json()
    assert (edited["name"], edited["expires_at"]) == (change["name"], change["expires_at"])
    who = server.call("GET", "/api/v1/whoami", token=token).json()
    assert (who["scopes"], who["expires_at"]) == (["accounts:list"], change["expires_at"])


def test_s23_a_new_secret_ends_the_old_one_at_once_or_later(server: Server) -> None:
    first, credential = server.token("secrets:read")
    path = f"/api/v1/credentials/{credential['id']}/rotate"
    second = server.call("POST", path, {"overlap_seconds": 3600}).json()["secret"]
    assert [who(server, token) for token in (first, second)] == [200, 200]
    third = server.call("POST", path).json()["secret"]
    assert [who(server, token) for token in (first, second, third)] == [401, 401, 200]
    too_long = server.call("POST", path, {"overlap_seconds": 7 * 24 * 3600 + 1})
    assert field_errors(too_long) == {"overlap_seconds"}


def test_s26_state_and_last_use_are_shown(server: Server) -> None:
    token, credential = server.token("secrets:read")
    path = f"/api/v1/credentials/{credential['id']}"
    assert (credential["state"], credential["last_used"]) == ("active", None)
    server.call("GET", "/api/v1/whoami", token=token, source="127.0.0.3")
    used = last_used(server, path)
    assert (used["address"], used["agent"], used["uses"]) == ("127.0.0.3", "keystead-tests", 1)
    states = [
        server.call("POST", f"{path}/{verb}").json()["state"]
        for verb in ("disable", "enable", "revoke")
    ]
    assert states == ["disabled", "active", "revoked"]
    soon = (datetime.now(UTC) + timedelta(days=29)).isoformat()
    assert server.token("secrets:read", expires_at=soon)[1]["state"] == "expiring"


def curl(token: str, url: str, *options: str) -> subprocess.CompletedProcess[bytes]:
    """Ask by curl; the token goes through a pipe, for its command line is everybody's to read."""
    header = f"Authorization: Bearer {token}\n".encode()
    line = ["curl", "-s", *options, "-H", "@-", url]
    return subprocess.run(line, input=header, capture_output=True, check=False)


def who(server: Server, token: str) -> int:
    return server.call("GET", "/api/v1/whoami", token=token).status


def last_used(server: Server, path: str) -> dict[str, Any]:
    """The last use once it is written, by the same command that a person would ask with."""
    environment = {"KEYSTEAD_URL": server.url, "KEYSTEAD_TOKEN": server.admin_token}
    for _ in range(20):
        done = subprocess.run(
            [KEYSTEAD, "token", "show", path.rsplit("/", 1)[1], "--json"],
            env=environment,
            capture_output=True,
            check=True,
        )
        found = json.loads(done.stdout)["last_used"]
        if found is not None:
            return dict(found)
    raise AssertionError("the use was never written")
