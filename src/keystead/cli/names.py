"""What a person calls a thing, turned into the id that the server knows it by.

A token, key or client may be named by its id (`cred_…`), its public id (`kst_…`) or its name; a folder and an
account by id or by path (`ops/db/orders`); an owner by id (`own_…`), login or name; a group by id or name; an
API by id (`api_…`, `keystead`), identifier or name.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, TypeVar

from keystead.cli.credentials.nouns import Noun
from keystead.cli.failures import Exit, Misuse
from keystead.cli.inputs import tidy_path
from keystead.core.ids import is_id
from keystead.core.names import name_key
from keystead_client import (
    Call,
    Client,
    NotFound,
    accounts,
    apis,
    credentials,
    folders,
    groups,
    owners,
)
from keystead_client.records import Account, APISummary, Folder, Group, Page

__all__ = ["credential_id", "get_account", "get_api", "get_folder", "get_group", "owner_id"]

T = TypeVar("T")

_WHOLE_TOKEN: Final = re.compile(r"ks[a-z]_[0-9A-Za-z]{40,}|[0-9a-f]{40}", re.ASCII)


def credential_id(client: Client, noun: Noun, text: str) -> str:
    """Return the id of the credential called so.

    Raises:
        Misuse: there is none, or several, or the text is a secret itself.
    """
    if _WHOLE_TOKEN.fullmatch(text) is not None:
        # Sending it on would write it into the server's log of requests.
        raise Misuse(f"that is a whole {noun.word}, not its name; call it by id, public id or name")
    if is_id("cred", text):
        return text
    if any(is_id(prefix, text) for prefix in noun.prefixes):
        # The twelve characters are the credential's own; the prefix says how it is presented.
        return f"cred_{text.rpartition('_')[2]}"
    fitting = [
        each.id
        for each in client.walk(credentials.find(kind=noun.kind or None, q=text, page_size=200))
        if name_key(text) == name_key(each.name)
    ]
    return _only(fitting, noun.word, text)


def owner_id(client: Client, text: str) -> str:
    """Return the id of the owner called so.

    Raises:
        Misuse: there is none, or several.
    """
    if is_id("own", text):
        return text
    # By what its text holds, the server finds a name but no login; so every user is looked at too.
    named = client.walk(owners.find(q=text, page_size=200))
    fitting = {each.id for each in named if name_key(text) == name_key(each.name)}
    users = client.walk(owners.find(kind="user", page_size=200))
    fitting |= {each.id for each in users if name_key(text) == name_key(each.login or "")}
    return _only(sorted(fitting), "owner", text)


def get_api(client: Client, text: str) -> APISummary:
    """Return the API with this id, identifier or name; an identifier's closing slash may be left out.

    Raises:
        Misuse: there is none, or several.
    """
    found = list(client.walk(apis.find(q=text, page_size=200)))
    for wanted in (text, f"{text}/"):
        exact = [each for each in found if wanted in {each.id, each.identifier}]
        if exact:
            return exact[0]
    named = {each.id: each for each in found if name_key(text) == name_key(each.name)}
    return named[_only(sorted(named), "API", text)]


def get_group(client: Client, text: str) -> Group:
    """Return the group with this id or name.

    Raises:
        Misuse: there is none.
    """
    if is_id("grp", text):
        return client.send(groups.get(text))
    for each in client.walk(groups.find(q=text, page_size=200)):
        if name_key(text) == name_key(each.name):
            return each
    raise _missing("group", text)


def get_folder(client: Client, text: str) -> Folder:
    """Return the folder with this id or path.

    Raises:
        Misuse: there is none.
    """
    if is_id("fold", text):
        return client.send(folders.get(text))
    return _at_path(client, text, "folder", lambda path: folders.find(path=path))


def get_account(client: Client, text: str) -> Account:
    """Return the account with this id or path.

    Raises:
        Misuse: there is none.
    """
    if is_id("acct", text):
        return client.send(accounts.get(text))
    return _at_path(client, text, "account", lambda path: accounts.find(path=path))


def _at_path(client: Client, text: str, noun: str, find: Callable[[str], Call[Page[T]]]) -> T:
    try:
        return client.send(find(tidy_path(text))).items[0]
    except IndexError:
        raise _missing(noun, text) from None
    except NotFound as error:
        # The server does not repeat what it was asked for, and a command may ask for several things.
        sentence = str(_missing(noun, text))
        raise NotFound(
            sentence, code=error.code, status=error.status, request_id=error.request_id
        ) from None


def _only(ids: list[str], noun: str, text: str) -> str:
    if not ids:
        raise _missing(noun, text)
    if len(ids) > 1:
        several = ", ".join(ids)
        raise Misuse(f"several {noun}s are called '{text}'; call it by its id: {several}")
    return ids[0]


def _missing(noun: str, text: str) -> Misuse:
    sentence = f"there is no {noun} '{text}', or it is not yours to see"
    return Misuse(sentence, exit_code=Exit.NOT_FOUND, code="not_found")
