"""`keystead settings`: the organisation's rules for credentials and for the audit."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from keystead.cli.changes import given, require_change
from keystead.cli.connection import connect
from keystead.cli.failures import Misuse
from keystead.cli.options import Json, option
from keystead.cli.output import show_one
from keystead_client import UNSET, Unset, settings
from keystead_client.records import Organisation

__all__ = ["app"]

app = typer.Typer()

_NONE: Final = "none"
Switch = bool | None


@app.command()
def show(context: typer.Context, *, json: Json = False) -> None:
    """Show the organisation's rules for credentials and for the audit."""
    _show(connect(context).send(settings.get()), as_json=json)


@app.command()
def edit(  # noqa: PLR0913  # an option for each setting
    context: typer.Context,
    *,
    max_lifetime_days: Annotated[
        str | None, option("DAYS", "Longest lifetime of a credential; none lifts the bound.")
    ] = None,
    allow_never: Annotated[
        Switch, typer.Option(help="Credentials without end may be made, or may not.")
    ] = None,
    require_networks: Annotated[
        Switch, typer.Option(help="Each credential must be bound to networks, or need not.")
    ] = None,
    require_description: Annotated[
        Switch, typer.Option(help="Each must say what it is for, or need not.")
    ] = None,
    max_networks: Annotated[
        int | None, option("N", "Different networks of one credential, 10 to 100.")
    ] = None,
    require_public_networks: Annotated[
        Switch, typer.Option(help="Networks must be public, or need not.")
    ] = None,
    max_access_tokens: Annotated[
        str | None,
        option("N", "Live access tokens of one credential, past which the oldest end; or none."),
    ] = None,
    audit_retention_days: Annotated[
        str | None,
        option("DAYS", "How long the audit is kept, 30 to 36500; none keeps it for ever."),
    ] = None,
    audit_verifications: Annotated[
        str | None,
        option("HOW", "Allowed verifications are counted, or all of them entered in the audit."),
    ] = None,
    json: Json = False,
) -> None:
    """Change rules; those for credentials bind what is made or changed from then on.

    Audit entries older than --audit-retention-days are deleted for good.
    """
    require_change(context)
    if audit_verifications not in {None, "counted", "all"}:
        raise Misuse("--audit-verifications takes counted or all")
    change = settings.edit(
        max_lifetime_days=_bound(max_lifetime_days, "--max-lifetime-days"),
        allow_never=given(allow_never),
        require_networks=given(require_networks),
        require_description=given(require_description),
        max_networks=given(max_networks),
        require_public_networks=given(require_public_networks),
        max_access_tokens=_bound(max_access_tokens, "--max-access-tokens"),
        audit_retention_days=_bound(audit_retention_days, "--audit-retention-days"),
        audit_verifications=given(audit_verifications),
    )
    _show(connect(context).send(change), as_json=json)


def _bound(text: str | None, name: str) -> int | Unset | None:
    if text is None:
        return UNSET
    if text == _NONE:
        return None
    if not (text.isascii() and text.isdecimal()):
        raise Misuse(f"{name} takes a whole number, or none")
    return int(text)


def _show(found: Organisation, *, as_json: bool) -> None:
    show_one(
        found,
        ("max lifetime days", _written(found.max_lifetime_days)),
        ("allow never", _written(found.allow_never)),
        ("require networks", _written(found.require_networks)),
        ("require description", _written(found.require_description)),
        ("max networks", _written(found.max_networks)),
        ("require public networks", _written(found.require_public_networks)),
        ("max access tokens", _written(found.max_access_tokens)),
        ("audit retention days", _written(found.audit_retention_days)),
        ("audit verifications", found.audit_verifications),
        as_json=as_json,
    )


def _written(value: bool | int | None) -> str:  # noqa: FBT001  # a setting's value
    if value is None:
        return _NONE
    return str(value) if not isinstance(value, bool) else "yes" if value else "no"
