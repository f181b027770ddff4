"""What a person calls a thing, turned into the id that the server knows it by.

A token may be named by its id (`cred_…`), its public id (`kst_…`) or its name; a folder and an account by
id or by path (`ops/db/orders`); an owner by id (`own_…`), login or name.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, TypeVar

from keystead.cli.failures import Exit, Misuse
from keystead.core.ids import is_id
from keystead.core.names import name_key
from keystead_client import Call, Client, accounts, credentials, folders, owners
from keystead_client.records import Account, Folder, Page

__all__ = ["find_account", "find_folder", "owner_id", "split_path", "tidy_path", "token_id"]

T = TypeVar("T")

_WHOLE_TOKEN: Final = re.compile(r"ks[a-z]_[0-9A-Za-z]{40,}|[0-9a-f]{40}", re.ASCII)


def token_id(client: Client, text: str) -> str:
    """Return the id of the token called so.

    Raises:
        Misuse: there is none, or several, or the text is a token's secret itself.
    """
    if _WHOLE_TOKEN.fullmatch(text) is not None:
        # Sending it on would write it into the server's log of requests.
        raise Misuse("that is a whole token, not its name; call it by id, public id or name")
    if is_id("cred", text):
        return text
    if is_id("kst", text):
        # The twelve characters are the credential's own; the prefix says how it is presented.
        return f"cred_{text.removeprefix('kst_')}"
    fitting = [
        each.id
        for each in client.walk(credentials.find(kind="api_token", q=text, page_size=200))
        if name_key(text) == name_key(each.name)
    ]
    return _only(fitting, "token", text)


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


def find_folder(client: Client, text: str) -> Folder:
    """Return the folder with this id or path.

    Raises:
        Misuse: there is none.
    """
    if is_id("fold", text):
        return client.send(folders.get(text))
    return _at_path(client, text, "folder", lambda path: folders.find(path=path))


def find_account(client: Client, text: str) -> Account:
    """Return the account with this id or path.

    Raises:
        Misuse: there is none.
    """
    if is_id("acct", text):
        return client.send(accounts.get(text))
    return _at_path(client, text, "account", lambda path: accounts.find(path=path))


def split_path(text: str) -> tuple[str, str]:
    """Part a path into the folder's (empty at the top) and the last name.

    Raises:
        Misuse: a part of it is empty, `.` or `..`.
    """
    above, _, name = tidy_path(text).rpartition("/")
    return above, name


def tidy_path(text: str) -> str:
    """Return a path without slashes around it.

    Raises:
        Misuse: a part of it is empty, `.` or `..`.
    """
    path = text.strip("/")
    if any(part in {"", ".", ".."} for part in path.split("/")):
        raise Misuse("a path is names joined by '/', such as ops/db/orders")
    return path


def _at_path(client: Client, text: str, noun: str, find: Callable[[str], Call[Page[T]]]) -> T:
    items = client.send(find(tidy_path(text))).items
    if not items:
        raise _missing(noun, text)
    return items[0]


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
