"""The issuer is one URL that can be written in one way, or the server does not start."""

from __future__ import annotations

from pathlib import Path

import pytest

from keystead.core.errors import Misconfigured
from keystead.listening import Listener
from keystead.settings import read_settings
from keystead.settings_file import CONFIG, SERVED_AT, write_settings


@pytest.mark.parametrize(
    "issuer",
    [
        "https://keys.example.com",
        "https://keys.example.com:8443",
        "https://keys.example.com/eu",
        "https://keys.example.com/eu/one-2.x",
        "https://192.0.2.7",
        "https://[2001:db8::7]:8443",
        "http://127.0.0.1:8780",
        "http://localhost:8780",
        "http://[::1]:8780",
    ],
)
def test_an_issuer_is_taken_as_it_is(tmp_path: Path, issuer: str) -> None:
    assert read_settings(tmp_path, {"KEYSTEAD_ISSUER": issuer}).issuer == issuer
    (tmp_path / CONFIG).write_text(f'issuer = "{issuer}"\n')
    assert read_settings(tmp_path, {}).issuer == issuer


@pytest.mark.parametrize(
    "issuer",
    [
        "",
        "keys.example.com",
        "ftp://keys.example.com",
        "HTTPS://keys.example.com",
        "https://Keys.example.com",
        "https://keys.example.com/",
        "https://keys.example.com/eu/",
        "https://keys.example.com//eu",
        "https://keys.example.com/../eu",
        "https://keys.example.com/e%75",
        "https://keys.example.com?x=1",
        "https://keys.example.com#x",
        "https://user@keys.example.com",
        "https://keys.example.com:443",
        "https://keys.example.com:0443",
        "https://keys.example.com:",
        "https://keys.example.com\n",
        " https://keys.example.com",
        "http://127.0.0.1:80",
        "http://keys.example.com",
        "http://192.0.2.7:8780",
        "http://localhost.example.com",
    ],
)
def test_what_could_be_another_url_too_stops_the_start(tmp_path: Path, issuer: str) -> None:
    with pytest.raises(Misconfigured, match="issuer must be"):
        read_settings(tmp_path, {"KEYSTEAD_ISSUER": issuer})


def test_without_one_it_is_where_the_server_is(tmp_path: Path) -> None:
    assert read_settings(tmp_path, {}).issuer == SERVED_AT
    assert read_settings(tmp_path, {}, served="https://[::1]:1").issuer == "https://[::1]:1"


def test_a_new_file_of_settings_shows_it_commented(tmp_path: Path) -> None:
    write_settings(tmp_path)
    assert f'# issuer = "{SERVED_AT}"\n' in (tmp_path / CONFIG).read_text()


@pytest.mark.parametrize(
    ("host", "port", "scheme", "url"),
    [
        ("127.0.0.1", 8780, "http", "http://127.0.0.1:8780"),
        ("0.0.0.0", 8780, "https", "https://localhost:8780"),
        ("::", 443, "https", "https://localhost"),
        ("::1", 80, "http", "http://[::1]"),
        ("Keys.Example.com", 8443, "https", "https://keys.example.com:8443"),
    ],
)
def test_a_listener_has_one_url(host: str, port: int, scheme: str, url: str) -> None:
    cert = Path("cert.pem") if scheme == "https" else None
    assert Listener(host, port, tls_cert=cert).url == url
