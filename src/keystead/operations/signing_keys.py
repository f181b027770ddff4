"""Verbs about the keys that sign access tokens. Row K2.

The house makes the first key of each algorithm when it is founded; of one that a newer version has added,
when that is started. Making an RSA key takes a while, so key pairs are made before the act begins.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from keystead.core.clock import format_instant, later
from keystead.core.errors import Conflict, KeysteadError, Unavailable
from keystead.credentials.signing_key import (
    PUBLISHED_BEFORE,
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
    "ensure_signing_keys",
    "list_signing_keys",
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
        Conflict: `wrong_state`, this algorithm has no key yet.
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


async def _missing(slow: Preparation) -> tuple[KeyPair, ...]:
    keys = await slow.read(lambda tx: tx.signing_keys.all())
    missing = [each for each in ALGORITHMS if newest_of(keys, each) is None]
    if not missing:
        raise NothingToDo
    return tuple([await slow.in_pool(new_key_pair, algorithm) for algorithm in missing])


@operation(
    "signing_key.ensure",
    needs=Permission.SETTINGS_EDIT,
    told=Told.ENTERED,
    verb="signing_key.create",
    prepare=_missing,
)
async def ensure_signing_keys(act: Act, pairs: tuple[KeyPair, ...]) -> None:
    """Make the first key of each algorithm that has none.

    The first ones of all sign at once. Once there are any, others may remember a set without the new one.

    Raises:
        NothingToDo: none is missing, or another process was first.
    """
    signs_from = later(act.at, PUBLISHED_BEFORE) if await act.tx.signing_keys.all() else act.at
    made = []
    for pair in pairs:
        key = first_key(pair, pair.seal(act.keyring.sealer), act.at, signs_from)
        if await act.tx.signing_keys.insert_first(key):
            made.append(key)
    if not made:
        raise NothingToDo
    algorithms, kids = ", ".join(k.algorithm for k in made), " ".join(k.kid for k in made)
    act.about("signing_key", made[0].kid, algorithms, kids=kids)


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
        Unavailable: the algorithm's first key does not sign yet.
        BrokenEnvelope: its row was altered, or another's key was moved there.
    """
    key = await act.tx.signing_keys.signer(algorithm, act.at)
    if key is None:
        why = f"the first {algorithm} key was just published and signs in some minutes; try again then"
        raise Unavailable("busy", why)
    signer = act.keyring.signers.open(key.kid, key.sealed)
    if signer.algorithm != algorithm:
        raise BrokenEnvelope(f"signing key {key.kid} is of another algorithm")
    return signer


def _require_newest(keys: Iterable[SigningKey], algorithm: Algorithm) -> SigningKey:
    newest = newest_of(keys, algorithm)
    if newest is None:
        raise Conflict("wrong_state", f"there is no {algorithm} key yet")
    return newest
