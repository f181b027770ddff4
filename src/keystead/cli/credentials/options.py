"""What the commands of every kind share: options, and how a credential is shown."""

from __future__ import annotations

import sys
from typing import Annotated, Final

import typer

from keystead.cli.credentials.nouns import TOKEN
from keystead.cli.options import option, several
from keystead.cli.output import by_resource, document, done, instant, note, secret, show_one
from keystead_client.records import Access, Credential, Former, Issued, LastUse, SecretState

__all__ = [
    "EXPIRES",
    "EndAccessTokens",
    "LegacyAudience",
    "MaxUses",
    "Metadata",
    "Networks",
    "Overlap",
    "PublicKeys",
    "Type",
    "UntilFirstUse",
    "hand_out",
    "say_how",
    "say_registered",
    "say_state",
    "show_credential",
    "used",
]

_OWN: Final = "keystead"

EXPIRES: Final = option(
    "WHEN", "When it ends: a span such as 30d, an instant such as 2027-01-31T18:00:00Z, or never."
)

Type = Annotated[
    str | None, option("TYPE", "static, or key_admin: it manages API keys alone.", "--type")
]
PublicKeys = Annotated[
    str | None,
    option("FILE", "A JWK set: 1 to 10 public keys, each with kid and alg; - is standard input."),
]
LegacyAudience = Annotated[
    str | None,
    option(
        "URL", "With public keys: the one URL that assertions may name as aud besides the issuer."
    ),
]
Networks = Annotated[
    list[str],
    several(
        "NETWORK", "Address, CIDR or range from which alone it is accepted. None: from anywhere."
    ),
]
Metadata = Annotated[list[str], several("NAME=VALUE", "A text to keep with it.")]
MaxUses = Annotated[int | None, option("N", "How often it may be used; the last use ends it.")]
Overlap = Annotated[
    str | None, option("SPAN", "How long old secrets stay good; at most 7d. [default: 0s]")
]
UntilFirstUse = Annotated[
    bool,
    typer.Option(
        "--until-first-use",
        help="The new secret's first use ends old ones; without --overlap after 7d at the latest.",
    ),
]
EndAccessTokens = Annotated[
    bool,
    typer.Option("--end-access-tokens", help="End access tokens that old secrets were given."),
]


def hand_out(issued: Issued, verb: str, *, as_json: bool, quiet: bool) -> None:
    """Print a new secret, and as a note whose it is."""
    found = issued.credential
    if as_json:
        document({"credential": found.raw, "secret": issued.secret.reveal()})
        return
    note(f"{_made(found, verb)}; shown only this once:", quiet=quiet)
    secret(issued.secret.reveal())


def say_how(issued: Issued, url: str, *, quiet: bool) -> None:
    """Say, as a note, how a program uses a new token at this address: the other thing it needs. Row S2."""
    mays = [each for each in issued.credential.access if each.api == _OWN]
    fetches = any("secrets:read" in each.scopes or "secrets" in each.levels for each in mays)
    what = "secrets/FOLDER/ACCOUNT" if fetches else "whoami"
    header = '-H @<(echo "Authorization: Bearer $TOKEN")'
    note(f"used so: curl {header} {url}/api/v1/{what}", quiet=quiet)


def say_registered(found: Credential, verb: str, *, as_json: bool, quiet: bool) -> None:
    """Print the id of a client that has keys in place of a secret."""
    if as_json:
        document({"credential": found.raw})
        return
    note(f"{_made(found, verb)}; it proves itself by its keys, under the id:", quiet=quiet)
    sys.stdout.write(f"{found.public_id}\n")


def _made(found: Credential, verb: str) -> str:
    # A token's own id says nothing to a program; that of the others is half of what it presents.
    id_ = found.id if found.kind == TOKEN.kind else found.public_id
    ending = "never expires" if found.expires_at is None else f"until {instant(found.expires_at)}"
    return f"{verb} {id_} ({found.name}), {ending}"


def say_state(found: Credential, *, as_json: bool) -> None:
    """Say what became of a credential."""
    done(found.raw, f"{found.id} ({found.name}) is {found.state}", as_json=as_json)


def show_credential(found: Credential, *, as_json: bool) -> None:
    """Print a credential's facts."""
    networks = [
        each.text if each.text == each.interpreted else f"{each.text} ({each.interpreted})"
        for each in found.networks
    ]
    show_one(
        found,
        ("id", found.id),
        ("public id", found.public_id),
        ("type", "" if found.type == "static" else found.type),
        ("legacy", "an imported token is accepted; rotate it" if found.legacy else ""),
        ("name", found.name),
        ("description", found.description),
        ("state", found.state),
        ("owner", f"{found.owner.name} ({found.owner.id})"),
        ("created", instant(found.created_at)),
        ("refreshed", instant(found.last_refreshed_at, "")),
        ("former id", "" if found.former is None else _former(found.former)),
        ("begins", instant(found.not_before, "")),
        ("expires", instant(found.expires_at)),
        ("uses", "" if found.max_uses is None else f"{found.uses_left} of {found.max_uses} left"),
        *[("may", f"{each.api}: {line}") for each in found.access for line in _allowed(each)],
        ("networks", ", ".join(networks) or "anywhere"),
        *[("metadata", f"{name}={value}") for name, value in found.metadata.items()],
        ("last used", used(found.last_used)),
        *[(f"secret {each.n}", _secret(each)) for each in found.secrets],
        *[("key", f"{key.kid}, {key.alg}, last used {used(key.last_used)}") for key in found.keys],
        ("legacy audience", found.legacy_audience or ""),
        as_json=as_json,
    )


def _allowed(access: Access) -> list[str]:
    levels = [f"{resource}={level}" for resource, level in access.levels.items()]
    return [*by_resource(access.scopes), *levels] or ["nothing"]


def used(use: LastUse | None) -> str:
    """Say when, whence and by what something was last used."""
    if use is None:
        return "never"
    return f"{instant(use.at)} from {use.address} by {use.agent or '?'}, {use.uses} times in all"


def _former(former: Former) -> str:
    marks = ", still used" if former.still_used else ""
    end = instant(former.ends_at)
    return f"{former.public_id}, ends {end}{marks}, last used {used(former.last_used)}"


def _secret(state: SecretState) -> str:
    ending = "" if state.retires_at is None else f", retires {instant(state.retires_at)}"
    marks = ", its first use ends older ones" if state.ends_older else ""
    marks += ", still used" if state.still_used else ""
    return f"{state.state}{ending}{marks}, last used {used(state.last_used)}"
