"""OpenAPI 3.1 from the route table: paths, parameters, bodies, answers and the one error object."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import msgspec

from keystead.api.oauth import description as oauth
from keystead.policy.permissions import SENTENCES
from keystead.web.refusals import PROBLEM, STATUS, Problem
from keystead.web.repeats import FORM, HEADER, REPEATED

if TYPE_CHECKING:
    from collections.abc import Iterable

    from keystead.api.oauth.endpoints import Endpoint
    from keystead.api.routes import Route

__all__ = ["describe"]

_REF: Final = "#/components/schemas/{name}"
_VERSION: Final = "1"
_PARAMETER: Final = re.compile(r"\{(\w+)(?::path)?\}")
_ALWAYS: Final = (400, 401, 403, 429, 503)


def describe(routes: Iterable[Route], endpoints: Iterable[Endpoint]) -> dict[str, Any]:
    """Return the description of the native API, and of OAuth's endpoints beside it."""
    routes, endpoints = tuple(routes), tuple(endpoints)
    named = (f for r in routes for f in (r.body, r.query, r.answer, r.preview))
    forms = {f for f in named if f is not None} | {Problem} | oauth.structs_of(endpoints)
    _, found = msgspec.json.schema_components(forms, schema_hook=_secret_schema, ref_template=_REF)
    # A set has another order in each process, and every worker is to answer the same bytes.
    components = dict(sorted(found.items()))
    paths: dict[str, dict[str, Any]] = {}
    for entry in routes:
        path = _PARAMETER.sub(r"{\1}", entry.path)
        paths.setdefault(path, {})[entry.method.lower()] = _operation(entry, components)
    for endpoint in endpoints:
        name = endpoint.form.__name__
        components[name] = oauth.as_form(components[name], endpoint.required)
        paths[endpoint.path] = {"post": oauth.described_endpoint(endpoint, _REF)}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Keystead",
            "version": _VERSION,
            "description": "Credentials for programs, the secrets they fetch, and the audit of both.",
        },
        "servers": [{"url": "/"}],
        "security": [{"bearer": []}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "kst_…"},
                **oauth.SECURITY_SCHEMES,
            },
        },
    }


def _operation(entry: Route, components: dict[str, Any]) -> dict[str, Any]:
    verb = entry.verb
    sentence = (entry.handler.__doc__ or "").splitlines()[0]
    noun = _noun(entry)
    summary = (verb.act.__doc__ or sentence).strip().splitlines()[0]
    described: dict[str, Any] = {
        "operationId": f"{noun}_{entry.handler.__name__}",
        "tags": [noun],
        "summary": summary,
        "description": _needs(entry),
        "parameters": [
            *_path_parameters(entry),
            *_query_parameters(entry, components),
            *_header_parameters(entry),
        ],
        "responses": _responses(entry),
    }
    if entry.body is not None:
        described["requestBody"] = {
            "required": not entry.optional_body,
            "content": {"application/json": {"schema": _ref(entry.body)}},
        }
    return described


def _noun(entry: Route) -> str:
    """Return the noun that a handler's file, or the room of its `handlers`, is named for."""
    return entry.handler.__module__.removesuffix(".handlers").rpartition(".")[2]


def _needs(entry: Route) -> str:
    needed = entry.verb.needs
    scope = "any credential" if needed is None else f"`{needed}` ({SENTENCES[needed]})"
    return f"Needs {scope} It is {entry.verb.told} in the audit."


def _path_parameters(entry: Route) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _PARAMETER.findall(entry.path)
    ]


def _query_parameters(entry: Route, components: dict[str, Any]) -> list[dict[str, Any]]:
    if entry.query is None:
        return []
    form = components[entry.query.__name__]
    required = form.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in required, "schema": _without_null(schema)}
        for name, schema in form["properties"].items()
    ]


def _header_parameters(entry: Route) -> list[dict[str, Any]]:
    if not entry.changes:
        return []
    schema = {"type": "string", "pattern": f"^{FORM}$"}
    sentence = "The same request under the same key is done once, and answered so for 15 minutes."
    named = {"name": HEADER, "in": "header", "required": False}
    return [{**named, "description": sentence, "schema": schema}]


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a parameter: it is there or not, but never null."""
    found = {
        key: value for key, value in schema.items() if not (key == "default" and value is None)
    }
    if "anyOf" in found:
        kept = [one for one in found.pop("anyOf") if one.get("type") != "null"]
        found |= kept[0] if len(kept) == 1 else {"anyOf": kept}
    if "enum" in found:
        found["enum"] = [value for value in found["enum"] if value is not None]
    return found


def _responses(entry: Route) -> dict[str, Any]:
    success: dict[str, Any] = {"description": "done"}
    content: dict[str, Any] = {}
    if entry.answer is not None:
        content["application/json"] = {"schema": _ref(entry.answer)}
    if entry.text:
        content["text/plain"] = {"schema": {"type": "string"}}
    if entry.path.endswith("/export"):
        content = {
            "application/jsonl": {"schema": {"type": "string"}},
            "text/csv": {"schema": {"type": "string"}},
        }
    if content:
        success["content"] = content
    if entry.changes:
        success["headers"] = {
            name: {"description": "It was answered before.", "schema": {"const": value}}
            for name, value in REPEATED.items()
        }
    found = {str(entry.status): success}
    if entry.preview is not None:
        tried = {"application/json": {"schema": _ref(entry.preview)}}
        found["200"] = {"description": "what `dry_run=true` finds out", "content": tried}
    if entry.text:
        found["304"] = {"description": "not changed since the entity tag named"}
    statuses = {*_ALWAYS, *_more_statuses(entry)}
    for status in sorted(statuses):
        codes = ", ".join(code for code, s in STATUS.items() if s == status)
        found[str(status)] = {
            "description": codes,
            "content": {PROBLEM: {"schema": _ref(Problem)}},
        }
        if status in entry.outcomes and entry.answer is not None:
            found[str(status)]["content"]["application/json"] = {"schema": _ref(entry.answer)}
    return found


def _more_statuses(entry: Route) -> set[int]:
    found: set[int] = set()
    if "{" in entry.path or entry.query is not None or entry.body is not None:
        found.add(404)
    if entry.method != "GET":
        found |= {409, 413}
    if entry.body is not None:
        found.add(415)
    if entry.method == "PUT":
        found.add(412)
    return found


def _ref(form: type[msgspec.Struct]) -> dict[str, str]:
    return {"$ref": _REF.format(name=form.__name__)}


def _secret_schema(kind: type) -> dict[str, Any]:
    del kind  # Only `Secret` is unknown to the schema's maker.
    return {"type": "string"}
