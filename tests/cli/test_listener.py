"""How a server is reached, and what happens when it cannot start."""

import datetime as dt
import ipaddress
import json
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.running import KEYSTEAD, initialise


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    data = tmp_path_factory.mktemp("house") / "data"
    return data, initialise(data)["admin_token"]


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that its own key has signed, and that key."""
    place = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "keystead test")])
    begin = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(begin)
        .not_valid_after(begin + dt.timedelta(days=36500))
        .add_extension(here, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    cert_file, key_file = place / "cert.pem", place / "key.pem"
    cert_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return cert_file, key_file


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def command(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [KEYSTEAD, *arguments],
        env={"PATH": os.environ["PATH"], **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_tls_is_spoken_with_the_authority_that_the_environment_names(
    installation: tuple[Path, str], pair: tuple[Path, Path]
) -> None:
    data, token = installation
    listen = f"127.0.0.1:{free_port()}"
    log = data.parent / "tls.log"
    with log.open("wb") as out:
        server = subprocess.Popen(
            [KEYSTEAD, "serve", "--data", str(data), "--listen", listen,
             "--tls-cert", str(pair[0]), "--tls-key", str(pair[1])],
            stdout=out, stderr=out,
        )  # fmt: skip
    trusted = {
        "KEYSTEAD_URL": f"https://{listen}",
        "KEYSTEAD_TOKEN": token,
        "KEYSTEAD_CA_FILE": str(pair[0]),
    }
    try:
        deadline = time.monotonic() + 30
        while (ended := command("whoami", "--json", **trusted)).returncode == 7:
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        assert (ended.returncode, ended.stderr) == (0, "")
        assert json.loads(ended.stdout)["address"] == "127.0.0.1"
        del trusted["KEYSTEAD_CA_FILE"]
        ended = command("whoami", "--json", **trusted)
        assert (ended.returncode, ended.stdout) == (7, "")
        assert "certificate" in json.loads(ended.stderr)["error"]["detail"].lower()
        plain = command("whoami", **{**trusted, "KEYSTEAD_URL": f"http://{listen}"})
        assert plain.returncode == 7
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(30)
    assert token not in log.read_text()


def test_a_port_that_is_taken_is_said_so(installation: tuple[Path, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        for workers in ("1", "2"):
            ended = command(
                "serve", "--data", str(installation[0]), "--listen", listen, "--workers", workers
            )
            assert ended.returncode == 9
            assert "ddress already in use" in ended.stderr
            assert ended.stderr.rstrip().endswith(
                "error: the server did not start; its log says why"
            )


def test_a_certificate_without_its_key_is_said_so(
    installation: tuple[Path, str], pair: tuple[Path, Path]
) -> None:
    for cert, key in ((pair[0], pair[0]), (pair[1], pair[1])):
        ended = command(
            "serve", "--data", str(installation[0]), "--listen", "127.0.0.1:0",
            "--tls-cert", str(cert), "--tls-key", str(key),
        )  # fmt: skip
        assert ended.returncode == 9
        assert ended.stderr.startswith("error: ")
        assert ended.stderr.count("\n") == 1


def test_one_line_of_json_says_where_it_serves(installation: tuple[Path, str]) -> None:
    data, _ = installation
    listen = f"127.0.0.1:{free_port()}"
    process = subprocess.Popen(
        [KEYSTEAD, "serve", "--data", str(data), "--listen", listen, "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert process.stdout is not None
        said = json.loads(process.stdout.readline())
        assert said == {"url": f"http://{listen}", "workers": 1}
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
