"""The address of a PostgreSQL server, which may hold a password: judged without a word of it repeated."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

from keystead.core.errors import Misconfigured

__all__ = ["place_of", "require_address"]

_HOST: Final = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^:\[\]\s]*)(:[0-9]{1,5})?", re.ASCII)
_BARE_PERCENT: Final = re.compile(r"%(?![0-9A-Fa-f]{2})", re.ASCII)
_PARAMETER: Final = re.compile(r"[a-z_][a-z0-9_.]*", re.ASCII)
_OURS: Final = frozenset(
    {
        "application_name",
        "idle_in_transaction_session_timeout",
        "jit",
        "lock_timeout",
        "statement_timeout",
        "synchronous_commit",
    }
)
_FORM: Final = (
    "database_url is not understood: write postgresql://USER:PASSWORD@HOST:PORT/DATABASE, and in user and "
    "password %3A for ':', %2F for '/', %3F for '?', %23 for '#', %40 for '@', %25 for '%'."
)


def require_address(url: str) -> None:
    """Refuse an address that a driver would read otherwise than its writer meant it.

    A password with a `/` or an `@` as it is would end in a host's name, in a port or in a parameter, and from
    there in a message.

    Raises:
        Misconfigured: it is not understood; the message repeats nothing of it.
    """
    if not url.isprintable() or not _is_whole(url):
        raise Misconfigured(_FORM)
    for name, value in parse_qsl(urlsplit(url).query):
        if name in _OURS:
            raise Misconfigured(f"database_url: {name} is Keystead's own to set; leave it out.")
        if name == "target_session_attrs" and value not in {"primary", "read-write"}:
            raise Misconfigured(
                "database_url: target_session_attrs can be primary alone: a standby may be behind."
            )


def place_of(url: str) -> str:
    """Return host, port and database of an address, for messages; without user and password."""
    parts = urlsplit(url)
    given = dict(parse_qsl(parts.query))
    host = unquote(parts.netloc.rpartition("@")[2]) or given.get("host", "")
    name = unquote(parts.path.removeprefix("/")) or given.get("dbname", given.get("database", ""))
    return f"{host}/{name}" if host else f"{name or 'its own name'} on this machine"


def _is_whole(url: str) -> bool:
    try:
        parts = urlsplit(url)
        given = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
    except ValueError:
        return False
    hosts = parts.netloc.rpartition("@")[2]
    return (
        "#" not in url
        and not _BARE_PERCENT.search(url)
        and parts.netloc.count("@") <= 1
        and not {"/", "@"} & set(parts.path.removeprefix("/"))
        and all(_HOST.fullmatch(host) for host in hosts.split(","))
        and all(_PARAMETER.fullmatch(name) and "@" not in value for name, value in given)
    )
