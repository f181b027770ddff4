"""The connection that commands on a server use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from keystead_client import Client

__all__ = ["ConnectionOptions", "connect"]


@dataclass(frozen=True, slots=True)
class ConnectionOptions:
    """What the options before the command say."""

    insecure_http: bool = False


def connect(context: typer.Context) -> Client:
    """Connect as the environment and the options before the command say, until the command ends.

    Raises:
        MisconfiguredClient: the environment does not name a server and a token.
    """
    from keystead_client import Client

    options = context.find_object(ConnectionOptions) or ConnectionOptions()
    client = Client.from_environment(insecure_http=options.insecure_http, user_agent="keystead-cli")
    return context.with_resource(client)
