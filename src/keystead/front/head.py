"""What RFC 9112 has refused in a head, and the parser lets through: whose request it is, and how long.

A proxy in front that reads either otherwise than this listener would be led astray: by a second host, to a
cache of somebody else's; by a length in two meanings, to a second request that nobody has judged.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from keystead.core.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["check_head"]

# RFC 3986 §3.2.2 and a port, in what letters it may have; `@` is no part of it, but harmless.
_HOST: Final = re.compile(rb"[0-9A-Za-z!$&'()*+,;=._~:\[\]@%-]*")


def check_head(version: str, headers: Sequence[tuple[bytes, bytes]]) -> Invalid | None:
    """Return the refusal of a head, if there is one.

    Args:
        version: of HTTP, as `1.1`.
        headers: names in lower case.
    """
    hosts, codings = [], []
    for name, value in headers:
        if name == b"host":
            hosts.append(value)
        elif name == b"transfer-encoding":
            codings.append(value)
    # RFC 9112 §3.2. HTTP/1.0 knows no such header.
    if len(hosts) != 1 and (hosts or version != "1.0"):
        return Invalid("a request has one Host header")
    if hosts and not _HOST.fullmatch(hosts[0]):
        return Invalid("the Host header holds no host")
    return _check_codings(version, codings) if codings else None


def _check_codings(version: str, values: Sequence[bytes]) -> Invalid | None:
    # RFC 9112 §6.1 and §6.3. A length beside a coding is refused by the parser; a tab after it, too, but
    # only when the request has been begun, so it is no blank here.
    codings = [one.strip(b" ").lower() for one in b",".join(values).split(b",")]
    if version == "1.0":
        return Invalid("HTTP/1.0 has no Transfer-Encoding")
    if codings == [b"chunked"]:
        return None
    if codings[-1] != b"chunked" or codings.count(b"chunked") > 1:
        return Invalid("Transfer-Encoding ends with chunked, once, or the body has no length")
    return Invalid("no transfer coding but chunked is understood", code="unsupported_coding")
