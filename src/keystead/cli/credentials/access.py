"""What a credential may do, as it is typed: scopes and levels, on Keystead's own API and on others.

A scope or a level of another API has the API in front, by identifier, name or id:

    --scope secrets:read --scope https://scanner.example/scan:create,scan:read
    --level accounts=read --level Scanner/report=read

What stands behind the last `/` is said of that API; no scope of any API has one in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

from keystead.cli import inputs
from keystead.cli.names import get_api
from keystead.cli.options import several
from keystead_client import Client
from keystead_client.records import Access

__all__ = ["Levels", "Scopes", "Wanted", "wanted"]

Scopes = Annotated[
    list[str],
    several(
        "[API/]RESOURCE:ACTION",
        "What it may do, such as secrets:read; on an API of yours with that in front. "
        "May be given several times.",
    ),
]
Levels = Annotated[
    list[str],
    several("[API/]RESOURCE=read|write", "Or a whole level of a resource, such as accounts=read."),
]

_OWN = "keystead"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for: on Keystead's own API alone, or else on each API."""

    scopes: list[str] = field(default_factory=list)
    levels: dict[str, str] = field(default_factory=dict)
    access: list[Access] = field(default_factory=list)

    @property
    def fields(self) -> dict[str, Any]:
        """What was asked for, by the fields of a body."""
        given = {"scopes": self.scopes, "levels": self.levels, "access": self.access}
        return {name: value for name, value in given.items() if value}


def wanted(client: Client, scopes: Sequence[str], levels: Sequence[str]) -> Wanted:
    """Read the options; Keystead's own API comes first, the others as they were named.

    Raises:
        Misuse: a level has another form or is given twice, or there is no such API.
    """
    identifiers: dict[str, str] = {"": _OWN}
    typed: dict[str, tuple[list[str], list[str]]] = {_OWN: ([], [])}
    for place, texts in enumerate((scopes, levels)):
        for text in texts:
            api, _, rest = text.rpartition("/")
            if api not in identifiers:
                identifiers[api] = get_api(client, api).identifier
            typed.setdefault(identifiers[api], ([], []))[place].append(rest)
    read = {api: (inputs.words(s), inputs.levels(ls)) for api, (s, ls) in typed.items()}
    if len(read) == 1:
        return Wanted(*read[_OWN])
    return Wanted(
        access=[
            Access(api=api, scopes=tuple(said[0]), levels=said[1])
            for api, said in read.items()
            if any(said)
        ]
    )
