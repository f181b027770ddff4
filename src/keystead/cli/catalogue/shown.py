"""How an API is shown, and for whom a change of it matters."""

from __future__ import annotations

from keystead.cli.output import document, instant, note, show_one, table
from keystead_client.records import API, Effect

__all__ = ["say_effect", "sentence_of", "show_api", "show_effect"]


def show_api(found: API, *, as_json: bool) -> None:
    """Print an API's facts, and a line for each operation."""
    show_one(
        found,
        ("id", found.id),
        ("identifier", found.identifier),
        ("name", found.name),
        ("description", found.description),
        ("owner", found.owner_id),
        *[("verifier", each) for each in found.verifiers],
        ("tokens", _tokens(found)),
        ("created", instant(found.created_at, "")),
        ("changed", instant(found.modified_at, "")),
        ("revision", str(found.revision)),
        as_json=as_json,
    )
    if as_json or not found.groups:
        return
    rows = [
        (group.label or group.key, action.scope, action.level or "", action.description)
        for group in found.groups
        for resource in group.resources
        for action in resource.actions
    ]
    table(("GROUP", "SCOPE", "LEVEL", "ALLOWS"), rows)


def show_effect(found: Effect, *, as_json: bool) -> None:
    """Print for whom a change matters."""
    if as_json:
        document(found.raw)
        return
    table(
        ("ID", "NAME", "KIND", "GAINS", "LOSES"),
        [
            (each.id, each.name, each.kind, ", ".join(each.gains), ", ".join(each.loses))
            for each in found.items
        ],
    )
    say_effect(found)
    if found.next_page_token is not None:
        note(f"there is more: --page-token {found.next_page_token}")


def say_effect(found: Effect) -> None:
    """Say beside the result for how many a change matters."""
    note(sentence_of(found))
    if not found.complete:
        note("only the first 10,000 credentials with access were looked at")


def sentence_of(found: Effect) -> str:
    """Say for how many credentials a change matters."""
    if not found.credentials:
        return "no credential gains or loses a scope"
    counts = f"{found.gaining} gaining a scope, {found.losing} losing one"
    return f"credentials for which this matters: {found.credentials} ({counts})"


def _tokens(found: API) -> str:
    if found.token_format != "jwt":  # noqa: S105  # a form, not a token
        return f"{found.token_format}, {found.token_seconds} s"
    networks = f"credentials bound to networks are {found.offline_networks}"
    return f"{found.token_format} ({found.algorithm}), {found.token_seconds} s; {networks}"
