"""OAuth's endpoints as OpenAPI describes them, for the API's one description."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from keystead.api.oauth.refusals import OAuthError
from keystead.policy.permissions import SENTENCES
from keystead.web.forms import FORM

if TYPE_CHECKING:
    from collections.abc import Iterable

    from msgspec import Struct

    from keystead.api.oauth.endpoints import Endpoint

__all__ = ["SECURITY_SCHEMES", "as_form", "described_endpoint", "structs_of"]

SECURITY_SCHEMES: Final = {"client": {"type": "http", "scheme": "basic"}}
"""What is named in it besides bearer tokens: a client's id and secret."""

_SENTENCES: Final = {
    400: "what RFC 6749 §5.2 names, by error",
    401: "invalid_client; invalid_token of a bearer",
    403: "insufficient_scope",
    413: "the form is too large",
    429: "too many; wait",
    503: "temporarily_unavailable",
}


def structs_of(endpoints: Iterable[Endpoint]) -> set[type[Struct]]:
    """Return every Struct that the endpoints send or take."""
    found: set[type[Struct]] = {OAuthError}
    for endpoint in endpoints:
        found |= {form for form in (endpoint.form, endpoint.answer) if form is not None}
    return found


def as_form(schema: dict[str, Any], required: tuple[str, ...]) -> dict[str, Any]:
    """Return a Struct's schema as that of a form: a parameter is there or not, but never null."""
    properties = {}
    for name, described in schema["properties"].items():
        kept = [each for each in described.get("anyOf", [described]) if each.get("type") != "null"]
        properties[name] = {key: value for key, value in kept[0].items() if key != "default"}
    return {**schema, "properties": properties, "required": list(required)}


def described_endpoint(endpoint: Endpoint, ref: str) -> dict[str, Any]:
    """Return an endpoint as a path's `post`; `ref` leads to a schema by its name."""
    verb = endpoint.verb
    needs = "a client's or a key's secret" if verb.needs is None else f"`{verb.needs}`"
    sentence = "" if verb.needs is None else f" ({SENTENCES[verb.needs]})"
    statuses = set(_SENTENCES) if endpoint.bearers else set(_SENTENCES) - {403}
    bearer: list[dict[str, list[str]]] = [{"bearer": []}] if endpoint.bearers else []
    success: dict[str, Any] = {"description": "done"}
    if endpoint.answer is not None:
        schema = {"$ref": ref.format(name=endpoint.answer.__name__)}
        success["content"] = {"application/json": {"schema": schema}}
    return {
        "operationId": f"oauth_{endpoint.handler.__name__}",
        "tags": ["oauth"],
        "summary": (verb.act.__doc__ or "").splitlines()[0],
        "description": f"Needs {needs}{sentence} It is {verb.told} in the audit.",
        # A client may also prove who it is by its id and secret in the form.
        "security": [{"client": []}, *bearer, {}],
        "parameters": [],
        "requestBody": {
            "required": True,
            "content": {FORM: {"schema": {"$ref": ref.format(name=endpoint.form.__name__)}}},
        },
        "responses": {"200": success}
        | {
            str(status): {
                "description": _SENTENCES[status],
                "content": {
                    "application/json": {"schema": {"$ref": ref.format(name=OAuthError.__name__)}}
                },
            }
            for status in sorted(statuses)
        },
    }
