"""What the commands call each kind of credential."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from inspect import signature
from typing import Any, Final, TypeVar, cast

import typer

__all__ = ["ANY", "CLIENT", "KEY", "TOKEN", "Noun"]

F = TypeVar("F", bound=Callable[..., None])


@dataclass(frozen=True, slots=True)
class Noun:
    """One kind of credential on the command line.

    Attributes:
        word: the group of its commands.
        kind: as the server calls it; empty for any.
        prefixes: of its public ids.
        example: a name for one.
        without: options that it has no use for.
    """

    word: str
    kind: str
    prefixes: tuple[str, ...]
    example: str = ""
    without: frozenset[str] = field(default_factory=frozenset)

    @property
    def named(self) -> Any:  # noqa: ANN401  # what Typer takes in a default's place
        """The argument that names one."""
        return typer.Argument(metavar=self.word.upper(), help="Its id, public id or name.")

    def fitting(self, command: F) -> F:
        """Take from a command the options that this noun has no use for; their defaults stand."""
        whole = signature(command, eval_str=True)
        kept = [each for name, each in whole.parameters.items() if name not in self.without]
        cast("Any", command).__signature__ = whole.replace(parameters=kept)
        return command


TOKEN: Final = Noun(
    "token", "api_token", ("kst",), "'Integration Token' or 'DevOps Pipeline Token'",
    frozenset({"type_", "public_keys", "legacy_audience", "no_legacy_audience", "end_access_tokens"}),
)  # fmt: skip
KEY: Final = Noun(
    "key", "api_key", ("ksk",), "'Reporting' or 'Partner Portal'",
    frozenset(
        {"public_keys", "legacy_audience", "no_legacy_audience", "max_uses", "no_max_uses"}
    ),
)  # fmt: skip
CLIENT: Final = Noun(
    "client", "oauth_client", ("ksc",), "'Billing Service' or 'Data Pipeline'",
    frozenset({"type_", "max_uses", "no_max_uses"}),
)  # fmt: skip
ANY: Final = Noun("credential", "", ("kst", "ksk", "ksc"))
"""Where one of any kind may be named."""
