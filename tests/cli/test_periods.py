"""Row A6: a period on the command line is the server's to count."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest

from tests.cli.conftest import Keystead, answer
from tests.running import Server


def test_a6_a_period_is_counted_by_the_server_s_clock(
    admin: Keystead, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, before = server.unique("period"), datetime.now(UTC)
    # The clock of whoever asks stands in 1970; the server is another process.
    monkeypatch.setattr(time, "time_ns", lambda: 0)
    line = ("token", "create", name, "--scope", "self:rotate", "--expires", "30d", "--json")
    made = answer(admin(*line))["credential"]
    edited = answer(admin("token", "edit", name, "--expires", "60d", "--json"))
    rotated = answer(admin("token", "rotate", name, "--expires", "90d", "--json"))["credential"]
    for days, found in ((30, made), (60, edited), (90, rotated)):
        end = datetime.fromisoformat(found["expires_at"])
        assert timedelta(days=days, seconds=-2) < end - before < timedelta(days=days, minutes=1)
