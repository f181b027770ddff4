"""Paths to routes, as the door sees them."""

import pytest

from keystead.api.routes import ROUTES, Route
from keystead.api.table import RouteTable

TABLE = RouteTable(ROUTES)


@pytest.mark.parametrize("route", ROUTES, ids=lambda r: f"{r.method} {r.path}")
def test_every_route_is_found_by_its_own_path(route: Route) -> None:
    path = route.path.replace("{id}", "cred_0123456789ab").replace("{path:path}", "ops/db/orders")
    found = TABLE.find(path)

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
        "/api/v1/Whoami",
        "/x/v1/secrets/ops/orders",
    ],
)
def test_what_is_no_route_is_not_found(path: str) -> None:
    assert TABLE.find(path) is None


def test_a_template_in_a_url_is_only_a_strange_id() -> None:
    found = TABLE.find("/api/v1/credentials/{id}")
    assert found is not None
    assert found[1] == {"id": "{id}"}
    tail = TABLE.find("/api/v1/secrets/{path:path}")
    assert tail is not None
    assert tail[1] == {"path": "{path:path}"}


@pytest.mark.parametrize(
    "path",
    ["/api/v1/accounts/x/secret", "//api///v1/accounts/x//secret", "/api/v1/accounts/x/secret/"],
)
def test_doubled_and_closing_slashes_mean_nothing(path: str) -> None:
    found = TABLE.find(path)
    assert found is not None
    assert found[1] == {"id": "x"}


def test_every_path_of_many_names_is_taken_whole() -> None:
    found = TABLE.find("/api/v1/secrets/a/../b/./c%2f d")
    assert found is not None
    assert found[1] == {"path": "a/../b/./c%2f d"}
