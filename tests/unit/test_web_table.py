"""Paths to routes, as the door sees them."""

import pytest

from keystead.api.routes import ROUTES, Route
from keystead.api.table import RouteTable

TABLE = RouteTable(ROUTES)


@pytest.mark.parametrize("route", ROUTES, ids=lambda r: f"{r.method} {r.path}")
def test_every_route_is_found_by_its_own_path(route: Route) -> None:
    path = route.path.replace("{id}", "cred_0123456789ab").replace("{path:path}", "ops/db/orders")
    found = TABLE.find(path.encode())

    assert found is not None
    methods, parameters = found
    assert methods[route.method] is route
    expected = {"id": "cred_0123456789ab"} if "{id}" in route.path else {}
    assert parameters == ({"path": "ops/db/orders"} if "path:" in route.path else expected)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/v1/whoami",
        "/apiv1/whoami",
        "/api/v1",
        "/api/v2/whoami",
        "/api/v1/whoami/more",
        "/api/v1/accounts/x/secret/more",
        "/api/v1/accounts/x/nothing",
        "/api/v1/credentials/x/rotate/y",
        "/api/v1/x/whoami",
        "/api/v1/secrets",
        "/api/v1/secrets/",
        "/api",
        "/api//",
        "//api/",
        "api/",
        "*",
        "/api/v1/Whoami",
        "/x/v1/secrets/ops/orders",
    ],
)
def test_what_is_no_route_is_not_found(path: str) -> None:
    assert TABLE.find(path.encode()) is None


def test_a_template_in_a_url_is_only_a_strange_id() -> None:
    found = TABLE.find(b"/api/v1/credentials/{id}")
    assert found is not None
    assert found[1] == {"id": "{id}"}
    tail = TABLE.find(b"/api/v1/secrets/{path:path}")
    assert tail is not None
    assert tail[1] == {"path": "{path:path}"}


@pytest.mark.parametrize(
    "path",
    [
        "//api/v1/accounts/x/secret",
        "/api//v1/accounts/x/secret",
        "/api/v1/accounts//secret",
        "/api/v1/accounts/x//secret",
        "/api/v1/accounts/x/secret/",
        "/api/v1/accounts/x/secret//",
        "/api/v1/accounts/",
        "/api/v1/whoami/",
        "/api/v1/secrets/ops//orders",
        "/api/v1/secrets//ops/orders",
        "/api/v1/secrets/ops/orders/",
        "/api/v1/secrets/ops%2Forders",
        "/api/v1/secrets/ops%2forders/x",
        "/api/v1/secrets/ops/orders%2F",
        "/api/v1/accounts/x%2Fsecret",
        "/api%2Fv1/whoami",
        "/api/v1/./whoami",
        "/api/v1/../v1/whoami",
        "/api/v1/folders/..",
        "/api/v1/folders/%2e%2e",
        "/api/v1/secrets/a/../b",
        "/api/v1/secrets/a/%2E/b",
        "/api/v1/secrets/a/.%2e/b",
        "/api/v1/secrets/a/%ff",
        "/api/v1/secrets/a/b%0a",
        "/api/v1/secrets/a%00/b",
        "/api/v1/whoami%7f",
        "/api/v1/secrets/a/%c0%ae%c0%ae/b",
        "/api/v1/secrets/a/\xff",
    ],
)
def test_what_others_could_take_for_another_path_is_not_found(path: str) -> None:
    assert TABLE.find(path.encode("latin-1")) is None


def test_a_closing_slash_belongs_to_the_root_alone() -> None:
    assert TABLE.find(b"/api/") is not None


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("ops/orders", "ops/orders"),
        ("%6Fps/or%64ers", "ops/orders"),
        ("a%20b/c%25d", "a b/c%d"),
        ("%252F/%252e%252e", "%2F/%2e%2e"),
        (".../..a", ".../..a"),
        ("a%5Cb/c", "a\\b/c"),
        ("%E2%82%AC/%F0%9F%94%91", "\u20ac/\U0001f511"),
    ],
)
def test_each_segment_is_decoded_once(path: str, names: str) -> None:
    found = TABLE.find(f"/api/v1/secrets/{path}".encode())
    assert found is not None
    assert found[1] == {"path": names}
