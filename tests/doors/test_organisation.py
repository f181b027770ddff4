"""The organisation's rules through the API, for every kind that somebody makes: at its making, and later."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import pytest

from keystead.policy.key_admin import KEY_ADMIN
from tests.assertions import client_pair, set_of
from tests.clocked import Clocked, running_clocked
from tests.doors.cast import V1, ok
from tests.doors.tokens import CREDENTIALS, create, record_of, wrong
from tests.oauth.asking import Client, exchanged, whoami

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.running import Answer

KINDS: Final[dict[str, dict[str, Any]]] = {
    "token": {"kind": "api_token"},
    "key": {"kind": "api_key"},
    "key admin": {"kind": "api_key", "type": KEY_ADMIN, "scopes": ["credentials:list"]},
    "client": {"kind": "oauth_client"},
    "signing client": {"kind": "oauth_client", "public_jwks": set_of(client_pair())},
}
EACH = pytest.mark.parametrize("kind", KINDS)
OPEN: Final = {
    "max_lifetime_days": None, "allow_never": True, "require_networks": False,
    "require_description": False, "max_networks": 10, "require_public_networks": False,
    "max_access_tokens": 1000, "audit_retention_days": None, "audit_verifications": "counted",
}  # fmt: skip
NEVER = "the organisation has nothing without end"
PRIVATE: Final = ["10.0.0.1", "127.0.0.1", "192.168.0.0/16", "fe80::1", "0.0.0.0/0"]
PUBLIC: Final = ["8.8.8.8", "2001:4860:4860::8888"]


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clocked]:
    """A server of its own, since its rules would bind every other test."""
    with running_clocked(tmp_path_factory.mktemp("organisation") / "data") as found:
        yield found


@contextmanager
def rules(server: Clocked, **wanted: object) -> Iterator[None]:
    """These rules hold, and no others, until the block ends."""
    ok(server.call("PATCH", f"{V1}/settings", wanted))
    try:
        yield
    finally:
        ok(server.call("PATCH", f"{V1}/settings", OPEN))


def make(server: Clocked, kind: str, **more: object) -> Answer:
    name = server.unique(kind.replace(" ", "-"))
    return create(server, **{"name": name, **KINDS[kind], **more})


def made(server: Clocked, kind: str, **more: object) -> str:
    return str(ok(make(server, kind, **more), 201)["credential"]["id"])


def edit(server: Clocked, id_: str, **fields: object) -> Answer:
    return server.call("PATCH", f"{CREDENTIALS}/{id_}", fields)


def rotate(server: Clocked, kind: str, id_: str, **fields: object) -> Answer:
    if kind == "signing client":
        fields["public_jwks"] = set_of(client_pair("ES256", server.unique("k").replace(" ", "-")))
    return server.call("POST", f"{CREDENTIALS}/{id_}/rotate", fields)


@EACH
def test_nothing_is_without_end_where_the_organisation_forbids_it(
    strict: Clocked, kind: str
) -> None:
    before, far = made(strict, kind), strict.after(days=9000)
    with rules(strict, allow_never=False):
        assert list(wrong(make(strict, kind))) == ["expires_at"]
        assert NEVER in wrong(make(strict, kind))["expires_at"]
        id_ = made(strict, kind, expires_at=far)
        assert list(wrong(edit(strict, id_, expires_at=None))) == ["expires_at"]
        assert list(wrong(rotate(strict, kind, id_, expires_at=None))) == ["expires_at"]
        assert record_of(strict, id_)["expires_at"] == far
        ok(rotate(strict, kind, before))
        assert record_of(strict, before)["expires_at"] is None, "it stands as it stood"
    assert ok(edit(strict, id_, expires_at=None))["expires_at"] is None


@EACH
def test_the_longest_lifetime_is_counted_to_the_microsecond(strict: Clocked, kind: str) -> None:
    before = made(strict, kind)
    with rules(strict, max_lifetime_days=7):
        last, beyond = strict.after(days=7), strict.after(days=7, microseconds=1)
        assert list(wrong(make(strict, kind))) == ["expires_at"], "nor is anything without end"
        assert list(wrong(make(strict, kind, expires_at=beyond))) == ["expires_at"]
        id_ = made(strict, kind, expires_at=last)
        for asked in (edit(strict, id_, expires_at=beyond), edit(strict, id_, expires_at=None)):
            assert list(wrong(asked)) == ["expires_at"]
        for end in (beyond, None):
            assert list(wrong(rotate(strict, kind, id_, expires_at=end))) == ["expires_at"]
        assert record_of(strict, id_)["expires_at"] == last
        # Counted from the change, not from the making.
        strict.set(strict.after(days=1))
        ok(edit(strict, id_, expires_at=beyond))
        ok(rotate(strict, kind, id_, expires_at=strict.after(days=7)))
        ok(edit(strict, before, description="its end is not touched"))
        ok(rotate(strict, kind, before))
        assert record_of(strict, before)["expires_at"] is None


@EACH
def test_each_is_bound_to_networks_where_the_organisation_asks_it(
    strict: Clocked, kind: str
) -> None:
    before = made(strict, kind)
    with rules(strict, require_networks=True):
        assert list(wrong(make(strict, kind))) == ["networks"]
        assert list(wrong(make(strict, kind, networks=[]))) == ["networks"]
        id_ = made(strict, kind, networks=["127.0.0.0/8"])
        assert list(wrong(edit(strict, id_, networks=[]))) == ["networks"]
        ok(edit(strict, id_, networks=["::1"]))
        ok(edit(strict, before, name=strict.unique("renamed")))
        ok(rotate(strict, kind, before))
        assert record_of(strict, before)["networks"] == []
        # Networks that are already there are what an edit of others would have to keep.
        assert list(wrong(edit(strict, before, networks=[]))) == ["networks"]
    ok(edit(strict, id_, networks=[]))


@EACH
def test_each_says_what_it_is_for_where_the_organisation_asks_it(
    strict: Clocked, kind: str
) -> None:
    before = made(strict, kind)
    with rules(strict, require_description=True):
        for refused in (
            make(strict, kind),
            make(strict, kind, description=""),
            make(strict, kind, description=" \t"),
        ):
            assert list(wrong(refused)) == ["description"]
        id_ = made(strict, kind, description="the night shift")
        assert list(wrong(edit(strict, id_, description=""))) == ["description"]
        ok(edit(strict, id_, description="the day shift"))
        ok(edit(strict, before, networks=["127.0.0.0/8"]))
        ok(rotate(strict, kind, before))
        assert record_of(strict, before)["description"] == ""


@EACH
def test_no_network_is_private_where_the_organisation_forbids_it(
    strict: Clocked, kind: str
) -> None:
    before = made(strict, kind, networks=PRIVATE[:2])
    with rules(strict, require_public_networks=True):
        for network in PRIVATE:
            assert list(wrong(make(strict, kind, networks=[PUBLIC[0], network]))) == ["networks[1]"]
        id_ = made(strict, kind, networks=PUBLIC)
        refused = edit(strict, id_, networks=["10.0.0.1", *PUBLIC, "::1"])
        assert list(wrong(refused)) == ["networks[0]", "networks[3]"]
        assert len(record_of(strict, id_)["networks"]) == 2
        ok(edit(strict, id_, networks=[]))
        ok(edit(strict, before, description="its networks are not touched"))


@EACH
def test_so_many_networks_and_no_more(strict: Clocked, kind: str) -> None:
    many = [f"10.0.0.{n}" for n in range(14)]
    assert list(wrong(make(strict, kind, networks=many[:11]))) == ["networks"]
    with rules(strict, max_networks=13):
        id_ = made(strict, kind, networks=many[:13])
        assert list(wrong(make(strict, kind, networks=many))) == ["networks"]
        assert list(wrong(edit(strict, id_, networks=many))) == ["networks"]
    assert list(wrong(edit(strict, id_, networks=many[1:13]))) == ["networks"]
    ok(edit(strict, id_, description="its networks are not touched"))
    assert len(record_of(strict, id_)["networks"]) == 13


@EACH
def test_all_that_is_wrong_is_named_at_once_and_nothing_is_made(strict: Clocked, kind: str) -> None:
    def named() -> int:
        return len(ok(strict.call("GET", f"{CREDENTIALS}?q=unmade&page_size=200"))["items"])

    with rules(
        strict,
        max_lifetime_days=1,
        allow_never=False,
        require_networks=True,
        require_description=True,
    ):
        refused = make(strict, kind, name="unmade")
        assert sorted(wrong(refused)) == ["description", "expires_at", "networks"]
        id_ = made(
            strict, kind, description="x", networks=["::1"], expires_at=strict.after(hours=1)
        )
        fields: dict[str, Any] = {
            "description": "",
            "networks": [],
            "expires_at": None,
            "name": "unmade",
        }
        assert sorted(wrong(edit(strict, id_, **fields))) == [
            "description",
            "expires_at",
            "networks",
        ]
    assert named() == 0


def test_what_a_key_admin_makes_is_bound_as_well(strict: Clocked) -> None:
    admin = ok(make(strict, "key admin", scopes=["credentials:create", "credentials:list"]), 201)
    wanted = {"kind": "api_key", "name": strict.unique("key"), "scopes": ["accounts:list"]}

    def asked(**more: object) -> Answer:
        body = {**wanted, "expires_at": None, **more}
        return strict.call("POST", CREDENTIALS, body, token=admin["secret"])

    with rules(strict, max_lifetime_days=7, require_description=True):
        assert sorted(wrong(asked())) == ["description", "expires_at"]
        end = strict.after(days=7)
        ok(asked(description="of the night shift", expires_at=end), 201)


def test_a_credential_that_rotates_itself_keeps_its_end(strict: Clocked) -> None:
    secret, record = strict.token("self:rotate", "accounts:list")
    with rules(strict, max_lifetime_days=7, require_description=True, require_networks=True):
        rotated = ok(strict.call("POST", f"{V1}/self/rotate", {}, token=secret))
        assert rotated["credential"]["expires_at"] is None
        assert rotated["credential"]["id"] == record["id"]


def test_a_key_with_a_new_id_is_what_it_was(strict: Clocked) -> None:
    id_ = made(strict, "key")
    with rules(strict, max_lifetime_days=7, require_description=True, require_networks=True):
        fresh = ok(strict.call("POST", f"{CREDENTIALS}/{id_}/refresh"))["credential"]
        assert (fresh["expires_at"], fresh["networks"], fresh["description"]) == (None, [], "")


@pytest.mark.parametrize("kind", ["key", "key admin", "client"])
def test_of_any_that_is_exchanged_so_many_tokens_live(strict: Clocked, kind: str) -> None:
    body = ok(make(strict, kind), 201)
    by = Client(body["credential"]["public_id"], body["secret"], body["credential"])
    with rules(strict, max_access_tokens=2):
        tokens = [exchanged(strict, by) for _ in range(4)]
        assert [whoami(strict, token).status for token in tokens] == [401, 401, 200, 200]
        assert whoami(strict, tokens[0]).code == "credential_revoked"
