"""Clients that ask without a pause and write down what was answered, and only that."""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass, field
from http.client import HTTPException
from time import sleep
from typing import TYPE_CHECKING

from tests.crash.line import Line
from tests.oauth.asking import GRANT, TOKEN, client
from tests.oauth.signing import proof_of, signing

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.running import Server

__all__ = ["Answered", "Stream"]


@dataclass(slots=True)
class Answered:
    """What one client was told.

    Attributes:
        good: tokens that must be good: text to credential id.
        ended: tokens that must be refused.
        written: account and version to the value written.
        lent: access tokens that must be good.
        returned: access tokens that must be refused.
        signed: assertions that were sent.
        spent: those of them that were answered with a token.
        entered: ids of requests whose entry must be there.
        asked: requests sent, the unanswered last one among them.
    """

    good: dict[str, str] = field(default_factory=dict)
    ended: dict[str, str] = field(default_factory=dict)
    written: dict[tuple[str, int], str] = field(default_factory=dict)
    lent: set[str] = field(default_factory=set)
    returned: set[str] = field(default_factory=set)
    signed: set[str] = field(default_factory=set)
    spent: set[str] = field(default_factory=set)
    entered: set[str] = field(default_factory=set)
    asked: int = 0


class _Unanswered(Exception):
    """Whether it was done is not known."""


class Stream:
    """Several clients at once, until the server is gone or the test has seen enough.

    A patient one takes 503 for no answer, and goes on. One that does not lend can go on for long: a client
    has only so many access tokens, and the newest end the oldest.

    Attributes:
        signers: who signs, for each client.
    """

    def __init__(
        self,
        server: Server,
        account_ids: list[str],
        stem: str,
        clients: int = 6,
        *,
        patient: bool = False,
        lending: bool = True,
    ) -> None:
        self._server = server
        self._accounts = account_ids
        self._stem = stem
        self._patient = patient
        self._lending = lending
        self._over = threading.Event()
        self.answered = [Answered() for _ in range(clients)]
        self._borrowers = [client(server, "accounts:list") for _ in range(clients)]
        self.signers = [signing(server) for _ in range(clients)]
        self._issuer = server.call("GET", "/.well-known/oauth-authorization-server").json()[
            "issuer"
        ]
        self.faults: list[str] = []
        self._threads = [
            threading.Thread(target=self._run, args=(i,), daemon=True) for i in range(clients)
        ]

    def begin(self) -> None:
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """Wait until every client has noticed that nobody answers any more."""
        if self._patient:
            self._over.set()
        for thread in self._threads:
            thread.join(30)
            assert not thread.is_alive(), "a client still waits for an answer"

    def _run(self, number: int) -> None:
        told = self.answered[number]
        line = Line(self._server, self._server.admin_token)
        acts: list[Callable[[], None]] = [
            lambda: self._issue(line, told, number),
            lambda: self._issue(line, told, number),
            lambda: self._revoke(line, told),
            lambda: self._rotate(line, told),
            lambda: self._write(line, told, number),
            lambda: self._write(line, told, number),
            lambda: self._fetch(line, told),
        ]
        if self._lending:
            acts += [
                lambda: self._borrow(line, told, number),
                lambda: self._sign(line, told, number),
                lambda: self._return(line, told),
            ]
        try:
            while not self._over.is_set():
                told.asked += 1
                try:
                    random.choice(acts)()
                except _Unanswered:
                    sleep(0.02)
        except (OSError, HTTPException):
            return
        except Exception as error:  # noqa: BLE001  # told to the test, which fails with it
            self.faults.append(repr(error))
        finally:
            line.close()

    def _require(self, status: int, wanted: int, found: object) -> None:
        if status == 503 and self._patient:
            raise _Unanswered
        assert status == wanted, found

    def _issue(self, line: Line, told: Answered, number: int) -> None:
        wanted = {
            "kind": "api_token",
            "name": f"{self._stem} {number} {told.asked}",
            "scopes": ["accounts:list"],
            "expires_at": None,
        }
        status, made, request_id = line.ask("POST", "/api/v1/credentials", wanted)
        self._require(status, 201, made)
        told.good[made["secret"]] = made["credential"]["id"]
        told.entered.add(request_id)

    def _revoke(self, line: Line, told: Answered) -> None:
        if not told.good:
            return
        # Taken out before it is asked: without an answer it may be good or not.
        token, credential_id = told.good.popitem()
        status, made, request_id = line.ask("POST", f"/api/v1/credentials/{credential_id}/revoke")
        self._require(status, 200, made)
        told.ended[token] = credential_id
        told.entered.add(request_id)

    def _rotate(self, line: Line, told: Answered) -> None:
        if not told.good:
            return
        token, credential_id = told.good.popitem()
        status, made, request_id = line.ask(
            "POST", f"/api/v1/credentials/{credential_id}/rotate", {"overlap_seconds": 0}
        )
        self._require(status, 200, made)
        told.ended[token] = credential_id
        told.good[made["secret"]] = credential_id
        told.entered.add(request_id)

    def _write(self, line: Line, told: Answered, number: int) -> None:
        account = random.choice(self._accounts)
        value = f"{self._stem} {number} {told.asked}"
        status, made, request_id = line.ask(
            "PUT", f"/api/v1/accounts/{account}/secret", {"fields": {"password": value}}
        )
        self._require(status, 200, made)
        told.written[account, made["version"]] = value
        told.entered.add(request_id)

    def _fetch(self, line: Line, told: Answered) -> None:
        account = random.choice(self._accounts)
        status, found, request_id = line.ask("GET", f"/api/v1/accounts/{account}/secret")
        self._require(status, 200, found)
        told.entered.add(request_id)

    def _borrow(self, line: Line, told: Answered, number: int) -> None:
        proof = self._borrowers[number].basic
        status, made, request_id = line.form(TOKEN, [GRANT], proof)
        self._require(status, 200, made)
        told.lent.add(made["access_token"])
        told.entered.add(request_id)

    def _sign(self, line: Line, told: Answered, number: int) -> None:
        signer = self.signers[number]
        assertion = signer.assertion(aud=self._issuer, exp=signer.now + 300)
        told.signed.add(assertion)
        status, made, request_id = line.form(TOKEN, [GRANT, *proof_of(assertion)])
        self._require(status, 200, made)
        told.lent.add(made["access_token"])
        told.spent.add(assertion)
        told.entered.add(request_id)

    def _return(self, line: Line, told: Answered) -> None:
        if not told.lent:
            return
        token = told.lent.pop()
        status, made, request_id = line.form("/oauth/revoke", [("token", token)], f"Bearer {token}")
        self._require(status, 200, made)
        told.returned.add(token)
        told.entered.add(request_id)
