"""What somebody asks an API to be, and everything wrong with it at once.

The same rules hold when it is registered and when it is changed; a field left `UNSET` is not judged.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, TypeVar
from urllib.parse import urlsplit

from msgspec import UNSET, UnsetType

from keystead.core.errors import FieldError
from keystead.core.names import clean_name, wrong_name, wrong_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from keystead.core.clock import Instant
    from keystead.policy.catalogue.catalogue import (
        API,
        Action,
        Algorithm,
        Group,
        OfflineNetworks,
        Resource,
        TokenFormat,
    )

__all__ = [
    "DEFAULT_TOKEN_SECONDS",
    "MAX_ACTIONS",
    "MAX_DESCRIPTION",
    "MAX_GROUPS",
    "MAX_IDENTIFIER",
    "MAX_KEY",
    "MAX_RESOURCES",
    "MAX_SCOPES_OF_API",
    "MAX_SENTENCE",
    "MAX_TOKEN_SECONDS",
    "MAX_VERIFIERS",
    "MIN_TOKEN_SECONDS",
    "APIWish",
    "wrong_identifier",
]

T = TypeVar("T")

MAX_IDENTIFIER: Final = 255
MAX_DESCRIPTION: Final = 1000
MAX_VERIFIERS: Final = 100
MAX_GROUPS: Final = 50
MAX_RESOURCES: Final = 500
"""In all groups together."""
MAX_ACTIONS: Final = 30
"""Of one resource."""
MAX_SCOPES_OF_API: Final = 1000
MAX_KEY: Final = 64
MAX_SENTENCE: Final = 500

MIN_TOKEN_SECONDS: Final = 60
MAX_TOKEN_SECONDS: Final = 86_400
"""A day: what verifies a JWT by itself may accept it so long after it was revoked."""
DEFAULT_TOKEN_SECONDS: Final = 3600

# RFC 3986: a scheme, then whatever a URI may hold but the sign that begins a fragment.
_URI: Final = re.compile(
    r"[A-Za-z][A-Za-z0-9+.-]*:(?:[A-Za-z0-9._~:/?\[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+", re.ASCII
)
# Within what RFC 6749 §3.3 allows in a scope, so that it stands unquoted in every header and log.
_KEY: Final = re.compile(r"[a-z0-9][a-z0-9._-]*", re.ASCII)
_ACTION_KEY: Final = re.compile(r"[a-z0-9][a-z0-9_-]*", re.ASCII)
_KEY_RULE: Final = f"must be 1 to {MAX_KEY} of a-z, 0-9, '.', '_', '-', a letter or digit first"
_ACTION_RULE: Final = f"must be 1 to {MAX_KEY} of a-z, 0-9, '_', '-', a letter or digit first"
_ONLY_FOR_JWTS: Final = "has no effect unless token_format is jwt"


@dataclass(frozen=True, slots=True, kw_only=True)
class APIWish:
    """The fields of an API that whoever registers or changes it may choose; see `catalogue.API`."""

    identifier: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    owner_id: str | UnsetType = UNSET
    verifiers: tuple[str, ...] | UnsetType = UNSET
    token_format: TokenFormat | UnsetType = UNSET
    algorithm: Algorithm | UnsetType = UNSET
    token_seconds: int | UnsetType = UNSET
    offline_networks: OfflineNetworks | UnsetType = UNSET
    groups: tuple[Group, ...] | UnsetType = UNSET

    def wrong(self, before: API | None = None) -> list[FieldError]:
        """Return every wrong field; `before` is the API that is to be changed, None for a new one.

        Whether owner and verifiers exist is not judged here.
        """
        return [*self.wrong_alone(), *self._wrong_together(before)]

    def wrong_alone(self) -> list[FieldError]:
        """Return every field that is wrong whatever the others are."""
        return [*self._wrong_words(), *self._wrong_groups()]

    def edited(self, before: API, at: Instant) -> API:
        """Return the API with the wished fields changed; the wish has been judged."""
        return replace(
            before,
            name=clean_name(_chosen(self.name, before.name)),
            description=_chosen(self.description, before.description),
            owner_id=_chosen(self.owner_id, before.owner_id),
            verifiers=frozenset(_chosen(self.verifiers, before.verifiers)),
            token_format=_chosen(self.token_format, before.token_format),
            algorithm=_chosen(self.algorithm, before.algorithm),
            token_seconds=_chosen(self.token_seconds, before.token_seconds),
            offline_networks=_chosen(self.offline_networks, before.offline_networks),
            groups=_chosen(self.groups, before.groups),
            modified_at=at,
            revision=before.revision + 1,
        )

    def _wrong_words(self) -> Iterator[FieldError]:
        if self.identifier is not UNSET and (rule := wrong_identifier(self.identifier)):
            yield FieldError("identifier", rule)
        if self.name is not UNSET and (rule := wrong_name(self.name)):
            yield FieldError("name", rule)
        if self.description is not UNSET and (
            rule := wrong_text(self.description, MAX_DESCRIPTION, lines=True)
        ):
            yield FieldError("description", rule)
        if self.verifiers is not UNSET and len(self.verifiers) > MAX_VERIFIERS:
            yield FieldError("verifiers", f"at most {MAX_VERIFIERS} owners")
        if self.token_seconds is not UNSET and not (
            MIN_TOKEN_SECONDS <= self.token_seconds <= MAX_TOKEN_SECONDS
        ):
            rule = f"must be {MIN_TOKEN_SECONDS} to {MAX_TOKEN_SECONDS}"
            yield FieldError("token_seconds", rule)

    def _wrong_together(self, before: API | None) -> Iterator[FieldError]:
        # Law 8: a setting without an effect is refused.
        form = _chosen(self.token_format, "opaque" if before is None else before.token_format)
        if form != "jwt":
            for field in ("algorithm", "offline_networks"):
                if getattr(self, field) is not UNSET:
                    yield FieldError(field, _ONLY_FOR_JWTS)

    def _wrong_groups(self) -> Iterator[FieldError]:
        if isinstance(self.groups, UnsetType):
            return
        resources = [resource for group in self.groups for resource in group.resources]
        scopes = sum(len(resource.actions) for resource in resources)
        too_many = [
            FieldError("groups", f"at most {most} {what}")
            for found, most, what in (
                (len(self.groups), MAX_GROUPS, "groups"),
                (len(resources), MAX_RESOURCES, "resources in all groups"),
                (scopes, MAX_SCOPES_OF_API, "operations in all resources"),
            )
            if found > most
        ]
        # What is far too much is not looked through.
        yield from too_many or _wrong_parts(self.groups)


def wrong_identifier(text: str) -> str | None:
    """Return the rule that an API's identifier breaks, or None (RFC 8707 §2)."""
    if not 1 <= len(text) <= MAX_IDENTIFIER:
        return f"must have 1 to {MAX_IDENTIFIER} characters"
    if not all("!" <= character <= "~" for character in text):
        return "must hold printable ASCII only, and no white space"
    if "#" in text:
        return "must have no fragment"
    if _URI.fullmatch(text) is None:
        return "must be an absolute URI, such as https://api.example.com"
    try:
        parts = urlsplit(text)
        host, user = parts.hostname, parts.username
    except ValueError:
        return "has an authority that is none"
    if parts.scheme in {"http", "https"} and not host:
        return "must name a host"
    if user is not None:
        # It stands in tokens, logs and the audit.
        return "must name no user"
    return None


def _wrong_parts(groups: Iterable[Group]) -> Iterator[FieldError]:
    seen_groups: set[str] = set()
    seen_resources: set[str] = set()
    for i, group in enumerate(groups):
        here = f"groups[{i}]"
        yield from _wrong_part(here, group, _KEY, _KEY_RULE, seen_groups)
        if not group.resources:
            yield FieldError(f"{here}.resources", "must hold at least one")
        for j, resource in enumerate(group.resources):
            there = f"{here}.resources[{j}]"
            yield from _wrong_part(there, resource, _KEY, _KEY_RULE, seen_resources)
            if not 1 <= len(resource.actions) <= MAX_ACTIONS:
                yield FieldError(f"{there}.actions", f"must hold 1 to {MAX_ACTIONS}")
                continue
            seen_actions: set[str] = set()
            for k, action in enumerate(resource.actions):
                at = f"{there}.actions[{k}]"
                yield from _wrong_part(at, action, _ACTION_KEY, _ACTION_RULE, seen_actions)


def _wrong_part(
    where: str, part: Group | Resource | Action, form: re.Pattern[str], rule: str, seen: set[str]
) -> Iterator[FieldError]:
    """Yield what is wrong with one part's own fields; `seen` takes in its key."""
    if len(part.key) > MAX_KEY or form.fullmatch(part.key) is None:
        yield FieldError(f"{where}.key", rule)
    elif part.key in seen:
        yield FieldError(f"{where}.key", "stands twice")
    seen.add(part.key)
    if part.label and (label_rule := wrong_name(part.label)):
        yield FieldError(f"{where}.label", label_rule)
    if sentence_rule := wrong_text(part.description, MAX_SENTENCE):
        yield FieldError(f"{where}.description", sentence_rule)


def _chosen(wished: T | UnsetType, now: T) -> T:
    return now if isinstance(wished, UnsetType) else wished
