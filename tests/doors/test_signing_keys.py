"""The keys that sign access tokens, through the door: who sees them, and how they come and go."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from jwt import get_unverified_header

from keystead.crypto.jose.signing import new_key_pair
from keystead.installation import examine
from tests.clocked import Clocked, running_clocked
from tests.doors.cast import V1, ok, problem
from tests.doors.registering import access, register
from tests.oauth.asking import ask, client, exchanged
from tests.running import Served, Server, initialise, start

KEYS = f"{V1}/signing-keys"
JWKS = "/.well-known/jwks.json"
PRIVATE = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Clocked]:
    with running_clocked(tmp_path / "data") as server:
        yield server


ALL = ("ES256", "EdDSA", "RS256")


def published(server: Served, *algorithms: str) -> list[dict[str, str]]:
    """Return the published keys of these algorithms, or of ES256."""
    answer = server.call("GET", JWKS, token=None)
    assert answer.headers["content-type"] == "application/jwk-set+json"
    return [dict(key) for key in ok(answer)["keys"] if key["alg"] in (algorithms or ("ES256",))]


def listed(server: Served, *algorithms: str) -> dict[str, str]:
    """Each key's state, the last to sign first."""
    found = ok(server.call("GET", KEYS))["items"]
    wanted = algorithms or ("ES256",)
    return {each["kid"]: each["state"] for each in found if each["algorithm"] in wanted}


def rotated(server: Served, algorithm: str = "ES256") -> dict[str, Any]:
    return dict(ok(server.call("POST", f"{KEYS}/rotate", {"algorithm": algorithm})))


def test_a_new_installation_has_a_key_and_publishes_its_public_half(server: Server) -> None:
    keys = published(server)
    es256 = [key for key in keys if key["alg"] == "ES256"]
    assert es256
    for key in keys:
        assert not PRIVATE & set(key)
        assert key["use"] == "sig"
    assert set(es256[0]) == {"kid", "use", "alg", "kty", "crv", "x", "y"}
    states = listed(server)
    assert {key["kid"] for key in keys} == {k for k, state in states.items() if state != "ended"}
    assert list(states.values()).count("signing") >= 1


def test_the_set_may_be_remembered_for_a_while_and_read_by_pages(server: Server) -> None:
    answer = server.call("GET", JWKS, token=None)
    assert answer.headers["cache-control"] == "public, max-age=300"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["x-content-type-options"] == "nosniff"
    tag = answer.headers["etag"]
    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = server.call("GET", JWKS, token=None, headers={"If-None-Match": known})
        assert (again.status, again.body) == (304, b"")
        assert again.headers["etag"] == tag
        assert again.headers["cache-control"] == "public, max-age=300"
        assert again.headers["access-control-allow-origin"] == "*"
    for other in ('"other"', "", tag.strip('"'), tag[:-2] + '"'):
        again = server.call("GET", JWKS, token=None, headers={"If-None-Match": other})
        assert (again.status, again.body) == (200, answer.body)


@pytest.mark.parametrize("presented", [None, "", "nonsense", "kst_nonsense"])
def test_whoever_asks_gets_the_same_set(server: Server, presented: str | None) -> None:
    answer = server.call("GET", JWKS, token=presented)
    assert answer.body == server.call("GET", JWKS, token=None).body
    assert "keystead-credential-expires" not in answer.headers


@pytest.mark.parametrize(
    "path", [f"{JWKS}/", "//.well-known/jwks.json", "/.well-known/jwks%2Ejson"]
)
def test_it_stands_at_one_path_alone(server: Server, path: str) -> None:
    assert server.call("GET", path, token=None).status == 404


def test_a_token_in_its_url_is_refused(server: Server) -> None:
    token, _ = server.token("self:rotate")
    answer = server.call("GET", f"{JWKS}?token={token}", token=None)
    assert (answer.status, answer.headers["cache-control"]) == (400, "no-store")


def test_reading_the_set_leaves_no_entry(server: Server) -> None:
    def last() -> object:
        return ok(server.call("GET", f"{V1}/audit/events?page_size=1"))["items"][-1]["verb"]

    last()
    published(server)
    assert last() == "audit.read", "the one that was asked for before"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "algorithm"),
        ({"algorithm": "RS512"}, "algorithm"),
        ({"algorithm": "none"}, "algorithm"),
        ({"algorithm": "es256"}, "algorithm"),
        ({"algorithm": None}, "algorithm"),
        ({"algorithm": ["ES256"]}, "algorithm"),
        ({"algorithm": "ES256", "kid": "mine"}, "kid"),
    ],
)
def test_what_is_no_algorithm_is_refused_by_its_field(
    server: Server, body: dict[str, object], field: str
) -> None:
    answer = server.call("POST", f"{KEYS}/rotate", body)
    assert problem(answer) == (400, "invalid_request")
    assert [error["field"] for error in answer.json()["errors"]] == [field]


def test_a_rotation_from_beginning_to_end(alone: Clocked) -> None:
    (first,) = published(alone)
    assert listed(alone) == {first["kid"]: "signing"}
    began = alone.after()

    new = rotated(alone)
    assert new["state"] == "next"
    assert (new["created_at"], new["signs_from"]) == (began, alone.after(seconds=360))
    assert new["public_jwk"]["kid"] == new["kid"] != first["kid"]

    # Whoever has remembered the old set for its whole time sees the new key before it signs.
    assert [key["kid"] for key in published(alone)] == [new["kid"], first["kid"]]
    alone.set(new["signs_from"], microseconds=-1)
    assert listed(alone) == {new["kid"]: "next", first["kid"]: "signing"}
    alone.set(new["signs_from"])
    assert listed(alone) == {new["kid"]: "signing", first["kid"]: "retiring"}

    # A token of a day that the old one has signed last ends before the old one goes.
    end = ok(alone.call("GET", KEYS))["items"][1]["ends_at"]
    alone.set(new["signs_from"], days=1)
    assert [key["kid"] for key in published(alone)] == [new["kid"], first["kid"]]
    alone.set(end, microseconds=-1)
    assert [key["kid"] for key in published(alone)] == [new["kid"], first["kid"]]
    alone.set(end)
    assert [key["kid"] for key in published(alone)] == [new["kid"]]
    assert listed(alone) == {new["kid"]: "signing", first["kid"]: "ended"}
    assert all(finding.ok for finding in examine(alone.data) if finding.check != "clock")


def test_while_a_key_waits_a_second_rotation_answers_it_again(alone: Clocked) -> None:
    new = rotated(alone)
    alone.set(new["signs_from"], microseconds=-1)
    assert rotated(alone) == new
    assert len(published(alone)) == 2
    alone.set(new["signs_from"])
    newer = rotated(alone)
    assert newer["kid"] != new["kid"]
    assert len(published(alone)) == 3
    events = ok(alone.call("GET", f"{V1}/audit/events?verb=signing_key.rotate"))["items"]
    assert [event["object"]["id"] for event in events] == [new["kid"], new["kid"], newer["kid"]]
    assert {event["object"]["name"] for event in events} == {"ES256"}


def test_it_is_seen_by_those_who_read_settings_and_rotated_by_those_who_edit_them(
    server: Server,
) -> None:
    reader, _ = server.token("settings:read")
    answer = server.call("POST", f"{KEYS}/rotate", {"algorithm": "ES256"}, token=reader)
    assert problem(answer) == (403, "insufficient_scope")
    seen = server.call("GET", KEYS, token=reader)
    assert not PRIVATE & {name for each in ok(seen)["items"] for name in each["public_jwk"]}
    assert "sealed" not in seen.body.decode()
    editor, _ = server.token("settings:edit")
    assert problem(server.call("GET", KEYS, token=editor)) == (403, "insufficient_scope")


def test_two_workers_publish_the_same_keys_from_the_first_answer_on(workers: Server) -> None:
    assert len({workers.call("GET", JWKS, token=None).body for _ in range(12)}) == 1
    new = rotated(workers)
    for _ in range(12):
        assert new["kid"] in {key["kid"] for key in published(workers)}


def test_two_installations_share_no_key(tmp_path: Path) -> None:
    found = []
    for name in ("here", "there"):
        data = tmp_path / name
        server = start(data, initialise(data))
        found.append({key["kid"] for key in published(server)})
        server.stop()
    assert len(found[0]) == len(found[1]) == 1
    assert not found[0] & found[1]


def checked(data: Path) -> tuple[bool, str]:
    return next((f.ok, f.sentence) for f in examine(data) if f.check == "signing keys")


def test_a_key_that_somebody_writes_into_the_database_is_not_published(alone: Clocked) -> None:
    ours = published(alone, *ALL)
    theirs = new_key_pair("EdDSA")
    with closing(sqlite3.connect(alone.data / "keystead.db")) as database, database:
        database.execute("UPDATE signing_keys SET ends_at = 1 << 61 WHERE algorithm = 'EdDSA'")
        database.execute(
            "INSERT INTO signing_keys SELECT ?, 'EdDSA', ?, sealed, created_at, signs_from, NULL"
            " FROM signing_keys WHERE algorithm = 'ES256'",
            (theirs.kid, theirs.public_jwk),
        )
    assert published(alone, *ALL) == ours
    whole, sentence = checked(alone.data)
    assert not whole
    assert sentence.startswith(f"the EdDSA key {theirs.kid} was altered and signs nothing")


def test_the_doctor_counts_the_keys(alone: Clocked) -> None:
    rotated(alone)
    assert checked(alone.data) == (True, "4, and each opens")


def test_each_algorithm_has_its_first_key_from_the_start(alone: Clocked) -> None:
    assert sorted(key["alg"] for key in published(alone, *ALL)) == ["ES256", "EdDSA", "RS256"]
    assert set(listed(alone, *ALL).values()) == {"signing"}
    (entry,) = ok(alone.call("GET", f"{V1}/audit/events?verb=signing_key.create"))["items"]
    assert entry["object"]["name"] == "ES256, EdDSA, RS256"
    assert set(entry["facts"]["kids"].split()) == {key["kid"] for key in published(alone, *ALL)}


def forget_rsa(data: Path) -> None:
    with closing(sqlite3.connect(data / "keystead.db")) as base, base:
        base.execute("DELETE FROM signing_keys WHERE algorithm = 'RS256'")


def test_a_first_key_that_is_made_later_is_published_before_it_signs(tmp_path: Path) -> None:
    """As where a newer version knows one algorithm more: others may remember a set without its key."""
    with running_clocked(tmp_path / "data", forget_rsa) as alone:
        rsa = next(key["kid"] for key in published(alone, *ALL) if key["alg"] == "RS256")
        assert sorted(listed(alone, *ALL).values()) == ["next", "signing", "signing"]
        assert listed(alone, *ALL)[rsa] == "next"
        api = register(alone, token_format="jwt", algorithm="RS256")
        one = client(alone, access=[access(api, "scan:read")])
        refused = ask(alone, one)
        assert (refused.status, refused.json()["error"]) == (503, "temporarily_unavailable")
        assert "just published" in refused.json()["error_description"]
        alone.set(alone.after(seconds=6 * 60))
        token = exchanged(alone, one)
        assert get_unverified_header(token)["kid"] == rsa
        assert listed(alone, *ALL)[rsa] == "signing"
