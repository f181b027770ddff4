"""One drawn tree of errors: codes inside, statuses outside.

    KeysteadError
    ├── Refused               a decided no; entered in the audit when the credential is known
    │   ├── Unauthenticated   who are you
    │   ├── Forbidden         you may not
    │   ├── NotFound          there is nothing here for you
    │   ├── Conflict          taken name, wrong state
    │   │   └── Overtaken     somebody else changed it meanwhile
    │   ├── CheckFailed       the version you named is not the newest
    │   └── Throttled         too many failures from there; try again later
    ├── Invalid               what was sent cannot be understood; every wrong field named
    ├── Unavailable           cannot be decided or kept just now; nothing was done
    │   └── SealsSpent            crypto.envelope: a seal key has sealed as much as is safe
    ├── Misconfigured         the installation itself is wrong; said to the operator at the start
    │   └── ServerFailed          store.postgres.aside: the database's server failed, or is out of reach
    ├── Broken                what is kept cannot be what was kept; to the client a fault
    │   ├── BrokenEnvelope        crypto.envelope: a sealed value that does not open
    │   ├── BrokenPasswordHash    crypto.passwords: a hash that cannot be checked
    │   └── BrokenEntry           audit.errors: bytes that are no entry of the audit
    ├── KeyReplaced           ports.keyring: a key made something that another one has replaced; asked again
    ├── NothingToCut          audit.cuts: upkeep has nothing to cut off
    ├── NotCut                audit.cuts: upkeep leaves what is not as it was written
    ├── NothingToJoin         audit.joins: upkeep has nothing to enter, and takes its act back
    ├── NothingToDo           operations.signing_keys: the same of signing keys
    └── NothingToRetire       operations.keys: the same of replaced keys

A code is part of the interface and never changes its meaning.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

__all__ = [
    "Broken",
    "CheckFailed",
    "Conflict",
    "FieldError",
    "Forbidden",
    "Invalid",
    "KeysteadError",
    "Misconfigured",
    "NotFound",
    "Overtaken",
    "Refused",
    "Throttled",
    "Unauthenticated",
    "Unavailable",
]


class KeysteadError(Exception):
    """The root: everything that Keystead itself raises."""


class Refused(KeysteadError):  # a refusal is a decision, not a fault
    """A decided no.

    Attributes:
        code: stable, lower case, such as `network_denied`.
        detail: one sentence for the caller; never a secret, never the rule's contents.
        rule: what decided, for the audit only.
    """

    def __init__(self, code: str, detail: str, *, rule: str = "") -> None:
        """Refuse with a code of the table in docs."""
        super().__init__(code)
        self.code: Final = code
        self.detail: Final = detail
        self.rule: Final = rule or code


class Unauthenticated(Refused):
    """No credential, or one that is not good now."""


class Forbidden(Refused):
    """A good credential that does not allow this."""


class NotFound(Refused):
    """Unknown, invisible or forbidden: one answer for all three."""

    def __init__(self, what: str = "object") -> None:
        """Say that there is no such thing, whatever the reason."""
        super().__init__("not_found", f"there is no such {what}, or it is not yours to see")


class Conflict(Refused):
    """The wish does not fit the present state."""


class Overtaken(Conflict):
    """Somebody else changed it since it was read."""

    def __init__(self) -> None:
        """Refuse the write."""
        super().__init__("wrong_state", "somebody else changed it meanwhile; read it and try again")


class CheckFailed(Refused):
    """A check-and-set named another version than the newest."""

    def __init__(self, detail: str) -> None:
        """Refuse the write."""
        super().__init__("cas_mismatch", detail)


@dataclass(frozen=True, slots=True)
class FieldError:
    """One wrong field: its path (`networks[2]`, `access[0].scopes[1]`) and the rule it breaks."""

    field: str
    message: str


class Throttled(Refused):
    """Too many failed presentations from one address, or too much asked for within a time.

    Attributes:
        retry_after: whole seconds until it may be tried again.
    """

    def __init__(self, retry_after: int, why: str = "too many failed attempts") -> None:
        """Ask to wait."""
        super().__init__("rate_limited", f"{why}; wait {retry_after} seconds")
        self.retry_after: Final = retry_after


class Invalid(KeysteadError):  # names the input, not the fault
    """Input that cannot be accepted, with every wrong field.

    Attributes:
        code: `invalid_request` unless a finer one exists (`token_in_query`, `too_large`, …).
    """

    def __init__(self, detail: str, *errors: FieldError, code: str = "invalid_request") -> None:
        """Collect the wrong fields."""
        super().__init__(detail)
        self.code: Final = code
        self.detail: Final = detail
        self.errors: Final = errors

    @classmethod
    def of(cls, *errors: FieldError) -> Invalid:
        """Return what says no more than which fields are wrong."""
        return cls("some fields are wrong", *errors)


class Unavailable(KeysteadError):  # a state, not a fault
    """It cannot be done just now, and nothing was done: 503 outside.

    Attributes:
        code: `audit_full`, `audit_broken`, `network_undecided`, `not_fresh` or `busy`.
    """

    def __init__(self, code: str, detail: str) -> None:
        """Say what is missing."""
        super().__init__(code)
        self.code: Final = code
        self.detail: Final = detail


class Misconfigured(KeysteadError):  # names the installation, not the fault
    """The installation cannot start or go on; the message says what to do."""


class Broken(KeysteadError):  # names what was found, not the fault
    """What is kept was altered, moved or damaged: a fault to the client, but one that the audit tells of.

    Attributes:
        rule: what was found, for the audit only.
    """

    rule: ClassVar[str]
