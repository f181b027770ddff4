"""`keystead init | join | serve | doctor`: an installation in its data directory."""

from __future__ import annotations

import signal
import sys
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import parse_qsl, urlsplit

import typer

from keystead.cli.failures import Exit, Misuse
from keystead.cli.options import Json, option
from keystead.cli.output import document, note, table

__all__ = [
    "Data",
    "DatabaseURL",
    "doctor",
    "init",
    "join",
    "read_listen",
    "serve",
    "tell_of_password",
]


def tell_of_password(url: str | None, *, json: bool) -> None:
    """Say that others read a password on the command line, in the process list and the shell's history.

    With --json it is not said: stderr holds nothing but the document of an error.
    """
    if json:
        return
    with suppress(ValueError):
        parts = urlsplit(url or "")
        if parts.password or "password" in dict(parse_qsl(parts.query)):
            note(
                "The password in --database-url stands in the process list and the shell's history:"
            )
            note("put the address into KEYSTEAD_DATABASE_URL, or the password into a PGPASSFILE.")


Data = Annotated[Path, option("DIR", "The data directory.")]
DatabaseURL = Annotated[
    str | None,
    option(
        "URL",
        "postgresql://USER@HOST/DATABASE  [default: $KEYSTEAD_DATABASE_URL, else SQLite]",
    ),
]
PemFile = Annotated[
    Path | None, typer.Option(metavar="FILE", exists=True, dir_okay=False, help="PEM file.")
]

_LAST_PORT: Final = 65_535
_MOST_WORKERS: Final = 64


def init(
    data: Data,
    *,
    database_url: DatabaseURL = None,
    json: Json = False,
) -> None:
    """Make an installation in a new or empty directory.

    It has an administrator; his password and his token are shown this once. With --json one line holds them.
    Its master key is made and kept in master.key, unless KEYSTEAD_MASTER_KEY, KEYSTEAD_MASTER_PASSPHRASE,
    KEYSTEAD_MASTER_PASSPHRASE_FILE or KEYSTEAD_MASTER_PKCS11 is given.
    """
    from keystead import founding

    _unwind_at_sigterm()
    tell_of_password(database_url, json=json)
    made = founding.initialise(data, database_url)
    found = {
        "admin_login": made.admin_login,
        "admin_password": made.admin_password.reveal(),
        "admin_token": made.admin_token.reveal(),
    }
    if json:
        document(found)
        return
    for name, value in found.items():
        sys.stdout.write(f"{name}: {value}\n")
    if (data / "master.key").exists():
        note("This is shown only once. Back up the master key apart from the database:")
        note(f"without {data / 'master.key'} nobody opens what is kept here.")
    else:
        note(
            "This is shown only once. Keep what the master key comes from apart from the database:"
        )
        note("without it nobody opens what is kept here.")
    note(f"Next: keystead serve --data {data}")


def join(
    data: Data,
    *,
    master_key: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            exists=True,
            dir_okay=False,
            help="The installation's key  [default: from the environment]",
        ),
    ] = None,
    database_url: DatabaseURL = None,
    json: Json = False,
) -> None:
    """Make the data directory of one more node of an installation in PostgreSQL.

    It holds a copy of the master key's file, unless KEYSTEAD_MASTER_KEY, KEYSTEAD_MASTER_PASSPHRASE,
    KEYSTEAD_MASTER_PASSPHRASE_FILE or KEYSTEAD_MASTER_PKCS11 is given instead. The node's number is the next
    free one.
    """
    from keystead import founding

    _unwind_at_sigterm()
    tell_of_password(database_url, json=json)
    node = founding.join_node(data, database_url, master_key)
    if json:
        document({"node": node})
        return
    sys.stdout.write(f"node: {node}\n")
    note(f"Start it with keystead serve --data {data}")


def serve(
    data: Data,
    *,
    listen: Annotated[
        str, option("HOST:PORT", "Where; an IPv6 address in brackets.")
    ] = "127.0.0.1:8780",
    workers: Annotated[int, typer.Option(metavar="N", min=1, max=_MOST_WORKERS)] = 1,
    tls_cert: PemFile = None,
    tls_key: PemFile = None,
    insecure_http: Annotated[
        bool,
        typer.Option(
            "--insecure-http",
            help="Plain HTTP beyond this machine: whoever is on the way reads tokens and secrets.",
        ),
    ] = False,
    json: Json = False,
) -> None:
    """Serve an installation until stopped; with --json one line first says where.

    The log goes to standard error.
    """
    host, port = read_listen(listen)
    if (tls_cert is None) != (tls_key is None):
        raise Misuse("--tls-cert and --tls-key are given together or not at all")
    if tls_cert is not None and insecure_http:
        raise Misuse("--insecure-http has no effect on a listener with --tls-cert; leave one out")
    if insecure_http and _is_loopback(host):
        raise Misuse("--insecure-http has no effect on a listener of this machine; leave it out")
    if tls_cert is None and not insecure_http and not _is_loopback(host):
        raise Misuse(
            f"plain HTTP on {host} would show tokens and secrets to whoever is on the way: "
            "give --tls-cert and --tls-key, or spell out --insecure-http"
        )
    if tls_cert is not None and tls_key is not None:
        _require_pair(tls_cert, tls_key)
    from keystead import main
    from keystead.listening import Listener

    if json:
        named = f"[{host}]" if ":" in host else host
        scheme = "http" if tls_cert is None else "https"
        document({"url": f"{scheme}://{named}:{port}", "workers": workers})
        sys.stdout.flush()
    try:
        main.serve(data, Listener(host, port, workers, tls_cert, tls_key, insecure_http))
    except SystemExit as ended:
        # The listener's own codes mean other things here.
        if ended.code:
            raise _misconfigured("the server did not start; its log says why") from None


def doctor(data: Data, *, json: Json = False) -> None:
    """Examine an installation and say what is wrong.

    It exits with 9 if anything is.
    """
    from keystead import installation

    findings = installation.examine(data)
    healthy = all(each.ok for each in findings)
    if json:
        listed = [{"check": f.check, "ok": f.ok, "sentence": f.sentence} for f in findings]
        document({"ok": healthy, "findings": listed})
    else:
        rows = [("ok" if f.ok else "WRONG", f.check, f.sentence) for f in findings]
        table(("", "CHECK", "FOUND"), rows)
    if not healthy:
        raise _misconfigured("the installation needs attention")


def _unwind_at_sigterm() -> None:
    # A polite end unwinds what was begun; the default would leave a key file lying beside DIR.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))


def _require_pair(cert: Path, key: Path) -> None:
    import ssl

    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(cert, key, password="")
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or type(error).__name__
        raise _misconfigured(
            f"{cert} and {key} are no certificate and its unencrypted key ({reason})"
        ) from None


def _misconfigured(sentence: str) -> Misuse:
    return Misuse(sentence, exit_code=Exit.MISCONFIGURED, code="misconfigured")


def read_listen(text: str) -> tuple[str, int]:
    """Read `HOST:PORT`, `[IPv6]:PORT`; port 0 means any free one.

    Raises:
        Misuse: it has another form.
    """
    host, mark, port = text.rpartition(":")
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    is_whole = bool(mark) and bool(bare) and (":" not in bare or bare != host)
    if not (is_whole and port.isascii() and port.isdigit() and int(port) <= _LAST_PORT):
        raise Misuse("--listen takes HOST:PORT, such as 127.0.0.1:8780 or [::1]:8780")
    return bare, int(port)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
