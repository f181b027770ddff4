"""Verbs about the keys that sign access tokens. Row K2.

The house makes the first key of an algorithm: of the default one before anything else, of another as soon as
an API wants it. Making an RSA key takes a tenth of a second, so key pairs are made before the act begins.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from msgspec import UNSET, UnsetType

from keystead.core.clock import format_instant
from keystead.core.errors import Conflict, KeysteadError, Unavailable
from keystead.credentials.signing_key import (
    SigningKey,
    first_key,
    newest_of,
    next_key,
    state_of,
    superseded_at,
)
from keystead.crypto.envelope import BrokenEnvelope
from keystead.crypto.jose.signing import ALGORITHMS, new_key_pair
from keystead.gate.acts.operation import Told, operation
from keystead.policy.permissions import Permission

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from keystead.credentials.signing_key import KeyState
    from keystead.crypto.jose.signing import Algorithm, KeyPair, Signer
    from keystead.gate.acts.act import Act
    from keystead.gate.acts.preparation import Preparation

__all__ = [
    "ListedKey",
    "NothingToDo",
    "destroy_ended_keys",
    "ensure_signing_key",
    "keep_first_key",
    "list_signing_keys",
    "missing_pair",
    "published_keys",
    "rotate_signing_key",
    "signer_for",
]


class NothingToDo(KeysteadError):  # a state, not a fault
    """No key is missing, or none has ended."""


@dataclass(frozen=True, slots=True)
class ListedKey:
    """A key as a list shows it."""

    key: SigningKey
    state: KeyState


@operation("signing_key.list", needs=Permission.SETTINGS_READ, told=Told.COUNTED, browses=True)
async def list_signing_keys(act: Act) -> tuple[ListedKey, ...]:
    """List every signing key there ever was, and what each is good for now."""
    keys = await act.tx.signing_keys.all()
    return tuple(ListedKey(key, state_of(key, keys, act.at)) for key in keys)


async def _successor(slow: Preparation, algorithm: Algorithm) -> KeyPair | None:
    slow.about("signing_key", "", algorithm)
    keys = await slow.read(lambda tx: tx.signing_keys.all())
    waits = slow.at < _require_newest(keys, algorithm).signs_from
    return None if waits else await slow.in_pool(new_key_pair, algorithm)


@operation(
    "signing_key.rotate", needs=Permission.SETTINGS_EDIT, told=Told.ENTERED, prepare=_successor
)
async def rotate_signing_key(act: Act, pair: KeyPair | None, algorithm: Algorithm) -> ListedKey:
    """Give an algorithm a new key, which signs once everybody can have seen it; the old one ends later.

    While a new key waits for that, there is no second one: it is answered again.

    Raises:
        Conflict: `wrong_state`, no API has ever wanted this algorithm.
    """
    act.seek("signing_key", algorithm)
    old = _require_newest(await act.tx.signing_keys.all(), algorithm)
    if pair is not None and old.signs_from <= act.at:
        new = next_key(pair, pair.seal(act.keyring.sealer), act.at)
        if await act.tx.signing_keys.succeed(old, new, superseded_at(new)):
            facts = {"signs_from": format_instant(new.signs_from), "replaces": old.kid}
            act.about("signing_key", new.kid, algorithm, **facts)
            return ListedKey(new, "next")
    waiting = _require_newest(await act.tx.signing_keys.all(), algorithm)
    act.about("signing_key", waiting.kid, algorithm, waiting=True)
    return ListedKey(waiting, "next")


async def _missing(slow: Preparation) -> KeyPair:
    keys = await slow.read(lambda tx: tx.signing_keys.all())
    wanted = (api.algorithm for api in slow.caller.apis if api.token_format == "jwt")  # noqa: S105  # a form
    for algorithm in (ALGORITHMS[0], *wanted):
        if newest_of(keys, algorithm) is None:
            return await slow.in_pool(new_key_pair, algorithm)
    raise NothingToDo


@operation(
    "signing_key.ensure",
    needs=Permission.SETTINGS_EDIT,
    told=Told.ENTERED,
    verb="signing_key.create",
    prepare=_missing,
)
async def ensure_signing_key(act: Act, pair: KeyPair) -> None:
    """Make the first key of an algorithm that has none and should.

    Raises:
        NothingToDo: none is missing, or another process was first.
    """
    if not await keep_first_key(act, pair):
        raise NothingToDo
    act.about("signing_key", pair.kid, pair.algorithm)


async def _ended(slow: Preparation) -> None:
    keys = await slow.read(lambda tx: tx.signing_keys.all())
    if not any(key.sealed and not key.is_published(slow.at) for key in keys):
        raise NothingToDo


@operation("signing_key.destroy", needs=Permission.SETTINGS_EDIT, told=Told.ENTERED, prepare=_ended)
async def destroy_ended_keys(act: Act, _looked: None) -> None:
    """Destroy the private halves of keys whose last token has ended.

    Raises:
        NothingToDo: there are none.
    """
    kids = await act.tx.signing_keys.destroy_ended(act.at)
    if not kids:
        raise NothingToDo
    act.about("signing_key", kids[0], "", destroyed=" ".join(kids))


@operation("signing_key.published", needs=None, told=Told.COUNTED)
async def published_keys(act: Act) -> tuple[Mapping[str, str], ...]:
    """Return the public keys by which tokens can be verified now.

    They are made of the private halves, which open only here: a key that somebody has written into the
    database is not published. One that does not open is left out; `keystead doctor` tells of it.
    """
    published = [key for key in await act.tx.signing_keys.all() if key.is_published(act.at)]
    act.keyring.signers.keep({key.kid for key in published})
    found = []
    for key in published:
        with suppress(BrokenEnvelope):
            found.append(act.keyring.signers.open(key.kid, key.sealed).public_jwk)
    return tuple(found)


async def signer_for(act: Act, algorithm: Algorithm) -> Signer:
    """Return what signs a token that is minted in this act.

    Raises:
        Unavailable: the algorithm's first key is still being made.
        BrokenEnvelope: its row was altered, or another's key was moved there.
    """
    key = await act.tx.signing_keys.signer(algorithm, act.at)
    if key is None:
        raise Unavailable("busy", f"the first {algorithm} key is being made; try again")
    signer = act.keyring.signers.open(key.kid, key.sealed)
    if signer.algorithm != algorithm:
        raise BrokenEnvelope(f"signing key {key.kid} is of another algorithm")
    return signer


async def missing_pair(slow: Preparation, algorithm: Algorithm | UnsetType) -> KeyPair | None:
    """Return a key pair for an algorithm that has none, before an act that makes an API want it."""
    if algorithm is UNSET:
        return None
    keys = await slow.read(lambda tx: tx.signing_keys.all())
    if newest_of(keys, algorithm) is not None:
        return None
    return await slow.in_pool(new_key_pair, algorithm)


async def keep_first_key(act: Act, pair: KeyPair | None) -> bool:
    """Keep a key pair as its algorithm's first; say whether it is."""
    if pair is None:
        return False
    key = first_key(pair, pair.seal(act.keyring.sealer), act.at)
    return await act.tx.signing_keys.insert_first(key)


def _require_newest(keys: Iterable[SigningKey], algorithm: Algorithm) -> SigningKey:
    newest = newest_of(keys, algorithm)
    if newest is None:
        raise Conflict("wrong_state", f"there is no {algorithm} key: no API has wanted one yet")
    return newest
