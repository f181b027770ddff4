"""What an API demands of a credential, as one line: `a:read AND (b:write OR c:*)` (row K1).

    demand  = all, { "OR", all }            all = part, { "AND", part }
    part    = scope | "(", demand, ")"      scope = resource, ":", ( action | "*" )

AND binds closer than OR; both are written in any case. `c:*` demands every operation that the API has on
the resource, and of a resource that it does not have nobody holds any. A scope that the API does not have
is held by nobody: a demand that is written wrongly refuses.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

__all__ = ["MAX_DEMAND", "MAX_TERMS", "AllOf", "AnyOf", "Demand", "Holds", "demand_of", "meets"]

MAX_DEMAND: Final = 2000
"""Characters of a demand."""

MAX_TERMS: Final = 64
_MAX_DEPTH: Final = 16

_SPACE: Final = re.compile(r"[ \t]*")
_WORD: Final = re.compile(r"[^\s()]+")
_SCOPE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*:(?:\*|[A-Za-z0-9][A-Za-z0-9_-]*)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Holds:
    """One scope, or with the action `*` every one of its resource."""

    scope: str


@dataclass(frozen=True, slots=True)
class AllOf:
    """Each of these; there is at least one."""

    parts: tuple[Demand, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """One of these at least; there is at least one."""

    parts: tuple[Demand, ...]


Demand = Holds | AllOf | AnyOf


def demand_of(text: str) -> Demand:
    """Read a demand.

    Raises:
        ValueError: with a sentence that names the rule broken; it repeats nothing that was sent.
    """
    if len(text) > MAX_DEMAND:
        msg = f"is longer than {MAX_DEMAND} characters"
        raise ValueError(msg)
    words = _words(text)
    if not words:
        raise ValueError("demands nothing; leave it out where no scope is needed")
    if sum(word not in _SIGNS for word in words) > MAX_TERMS:
        msg = f"names more than {MAX_TERMS} scopes"
        raise ValueError(msg)
    found, after = _any_of(words, 0, 0)
    if after != len(words):
        raise ValueError("has a word too many, or a parenthesis without its other half")
    return found


def meets(held: frozenset[str], demand: Demand, actions: Mapping[str, tuple[str, ...]]) -> bool:
    """Say whether who holds these scopes, on an API with these actions, meets the demand."""
    match demand:
        case Holds(scope):
            resource, _, action = scope.rpartition(":")
            if action != "*":
                return scope in held
            offered = actions.get(resource, ())
            return bool(offered) and all(f"{resource}:{each}" in held for each in offered)
        case AllOf(parts):
            return all(meets(held, part, actions) for part in parts)
        case AnyOf(parts):
            return any(meets(held, part, actions) for part in parts)


_SIGNS: Final = frozenset({"(", ")", "AND", "OR"})


def _words(text: str) -> list[str]:
    found: list[str] = []
    at = 0
    while (at := _SPACE.match(text, at).end()) < len(text):  # type: ignore[union-attr]  # it matches nothing too
        if text[at] in "()":
            found.append(text[at])
            at += 1
            continue
        word = _WORD.match(text, at)
        if word is None:
            raise ValueError("must be one line of scopes, AND, OR and parentheses")
        found.append(_word(word[0]))
        at = word.end()
    return found


def _word(text: str) -> str:
    if text.upper() in {"AND", "OR"}:
        return text.upper()
    if _SCOPE.fullmatch(text) is None:
        raise ValueError("must be made of scopes (resource:action), AND, OR and parentheses")
    return text


def _any_of(words: list[str], at: int, depth: int) -> tuple[Demand, int]:
    parts: list[Demand] = []
    while True:
        part, at = _all_of(words, at, depth)
        parts.append(part)
        if at >= len(words) or words[at] != "OR":
            return (parts[0] if len(parts) == 1 else AnyOf(tuple(parts))), at
        at += 1


def _all_of(words: list[str], at: int, depth: int) -> tuple[Demand, int]:
    parts: list[Demand] = []
    while True:
        part, at = _part(words, at, depth)
        parts.append(part)
        if at >= len(words) or words[at] != "AND":
            return (parts[0] if len(parts) == 1 else AllOf(tuple(parts))), at
        at += 1


def _part(words: list[str], at: int, depth: int) -> tuple[Demand, int]:
    if at >= len(words) or words[at] in {")", "AND", "OR"}:
        raise ValueError("lacks a scope beside an AND, an OR or a parenthesis")
    if words[at] != "(":
        return Holds(words[at]), at + 1
    if depth >= _MAX_DEPTH:
        msg = f"is nested more than {_MAX_DEPTH} deep"
        raise ValueError(msg)
    found, at = _any_of(words, at + 1, depth + 1)
    if at >= len(words) or words[at] != ")":
        raise ValueError("has a parenthesis that is not closed")
    return found, at + 1
