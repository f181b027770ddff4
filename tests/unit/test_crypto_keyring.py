import traceback
from collections.abc import Callable
from dataclasses import replace

import pytest

from keystead.core.errors import Misconfigured
from keystead.crypto.audit_key import AuditKey
from keystead.crypto.envelope import Place
from keystead.crypto.keyring import Keyring, MasterKey, WrappedKey, new_key, new_keyring
from keystead.crypto.token_format import mint

RAW = bytes(range(100, 132))
PLACE = Place("account_versions", "acct_0123456789Az", "fields", 1)


@pytest.fixture
def master() -> MasterKey:
    return MasterKey(RAW)


def test_a_new_keyring_opens_with_its_master_key(master: MasterKey) -> None:
    rows = new_keyring(master)
    assert [(row.purpose, row.n) for row in rows] == [("seal", 1), ("pepper", 1), ("audit", 1)]
    first = Keyring.open(rows, master, master.key_id)
    again = Keyring.open(reversed(rows), MasterKey(RAW), master.key_id)
    token = mint("t", "0123456789Az")
    assert again.sealer.open(PLACE, first.sealer.seal(PLACE, b"value")) == b"value"
    assert again.digester.digest(token) == first.digester.digest(token)
    assert again.audit.check(0, 7, bytes(32), *first.audit.sign(0, 7, bytes(32)))


def test_two_installations_share_no_key(master: MasterKey) -> None:
    here, there = (Keyring.open(new_keyring(master), master, master.key_id) for _ in range(2))
    token = mint("t", "0123456789Az")
    assert here.digester.digest(token) != there.digester.digest(token)
    assert not there.audit.check(0, 7, bytes(32), *here.audit.sign(0, 7, bytes(32)))


def test_keys_of_one_installation_differ_by_purpose(master: MasterKey) -> None:
    raw = {master.unwrap(row.purpose, row.n, row.wrapped) for row in new_keyring(master)}
    assert len(raw) == 3


def test_a_wrong_master_key_is_told_which_one_is_needed(master: MasterKey) -> None:
    wrong = MasterKey(bytes(32))
    with pytest.raises(Misconfigured) as caught:
        Keyring.open(new_keyring(master), wrong, master.key_id)
    assert f"needs master key {master.key_id}; the one given is {wrong.key_id}" in str(caught.value)


def test_a_master_key_that_only_claims_the_right_id_opens_nothing(master: MasterKey) -> None:
    wrong = MasterKey(bytes(32))
    with pytest.raises(Misconfigured, match="seal 1 does not open"):
        Keyring.open(new_keyring(master), wrong, wrong.key_id)


Tamper = Callable[[MasterKey, tuple[WrappedKey, ...]], tuple[WrappedKey, ...]]


@pytest.mark.parametrize(
    ("tamper", "told"),
    [
        pytest.param(
            lambda _, rows: (replace(rows[0], n=2), *rows[1:]),
            "seal 2 does not open",
            id="renumbered",
        ),
        pytest.param(
            lambda _, rows: (rows[0], replace(rows[1], wrapped=rows[0].wrapped), rows[2]),
            "pepper 1 does not open",
            id="moved-to-another-purpose",
        ),
        pytest.param(
            lambda master, rows: (*rows, replace(new_key(master, "seal", 3), n=2)),
            "seal 2 does not open",
            id="added-under-another-number",
        ),
        pytest.param(
            lambda _, rows: (replace(rows[0], wrapped=rows[0].wrapped[:-1]), *rows[1:]),
            "seal 1 does not open",
            id="cut",
        ),
        pytest.param(
            lambda _, rows: (replace(rows[0], wrapped=b"\x02" + rows[0].wrapped[1:]), *rows[1:]),
            "seal 1 does not open",
            id="of-another-format",
        ),
        pytest.param(lambda _, rows: (*rows, rows[0]), "two keys seal 1", id="doubled"),
        pytest.param(lambda _, rows: rows[:2], "lost its audit key", id="lost"),
        pytest.param(
            lambda master, rows: (*rows, new_key(master, "jwt", 1)),
            "newer version",
            id="of-an-unknown-purpose",
        ),
    ],
)
def test_a_keyring_that_was_touched_is_refused(
    master: MasterKey, tamper: Tamper, told: str
) -> None:
    with pytest.raises(Misconfigured, match=told):
        Keyring.open(tamper(master, new_keyring(master)), master, master.key_id)


def test_a_second_key_is_used_for_new_work_and_the_first_still_opens(master: MasterKey) -> None:
    rows = new_keyring(master)
    old = Keyring.open(rows, master, master.key_id)
    grown = (*rows, *(new_key(master, purpose, 2) for purpose in ("seal", "pepper", "audit")))
    new = Keyring.open(grown, master, master.key_id)
    token = mint("t", "0123456789Az")
    assert new.sealer.open(PLACE, old.sealer.seal(PLACE, b"value")) == b"value"
    assert new.sealer.newest == 2
    assert new.digester.digest(token)[0] == 2
    assert old.digester.digest(token) in new.digester.candidates(token)
    assert new.audit.sign(0, 1, bytes(32))[0] == 2
    assert new.audit.check(0, 1, bytes(32), *old.audit.sign(0, 1, bytes(32)))


def test_a_new_master_key_wraps_the_same_keys_anew(master: MasterKey) -> None:
    rows, other = new_keyring(master), MasterKey(bytes(32))
    moved = [
        WrappedKey(
            row.purpose,
            row.n,
            other.wrap(row.purpose, row.n, master.unwrap(row.purpose, row.n, row.wrapped)),
        )
        for row in rows
    ]
    token = mint("t", "0123456789Az")
    before = Keyring.open(rows, master, master.key_id).digester.digest(token)
    assert Keyring.open(moved, other, other.key_id).digester.digest(token) == before


def test_an_audit_signature_holds_for_its_node_entry_and_digest_alone() -> None:
    key = AuditKey({1: RAW})
    digest = bytes(range(32))
    key_n, mac = key.sign(3, 5, digest)
    assert key.check(3, 5, digest, key_n, mac)
    assert not key.check(3, 6, digest, key_n, mac)
    assert not key.check(4, 5, digest, key_n, mac)
    assert not key.check(5, 3, digest, key_n, mac)
    assert not key.check(3, 5, bytes(32), key_n, mac)
    assert not key.check(3, 5, digest, key_n, mac[:-1])
    assert not key.check(3, 5, digest, 2, mac)
    assert not key.check(3, -1, digest, key_n, mac)
    assert not key.check(3, 2**64, digest, key_n, mac)
    assert not key.check(-1, 5, digest, key_n, mac)
    assert not key.check(2**32, 5, digest, key_n, mac)
    assert not key.check(3, 5, digest[:-1], key_n, mac)


@pytest.mark.parametrize("keys", [{}, {1: bytes(31)}])
def test_an_audit_key_of_another_form_is_refused(keys: dict[int, bytes]) -> None:
    with pytest.raises(ValueError, match=r"32 bytes|needed"):
        AuditKey(keys)


def test_a_master_key_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        MasterKey(bytes(16))


def test_nothing_of_a_key_is_printed(master: MasterKey) -> None:
    rows = new_keyring(master)
    keyring = Keyring.open(rows, master, master.key_id)
    with pytest.raises(Misconfigured) as caught:
        master.unwrap("seal", 2, rows[0].wrapped)
    printed = "".join(
        [
            *map(repr, (master, rows, keyring, keyring.sealer, keyring.digester, keyring.audit)),
            *traceback.format_exception(caught.value),
        ]
    )
    keys = [RAW, *(master.unwrap(row.purpose, row.n, row.wrapped) for row in rows)]
    for key in keys:
        assert key.hex() not in printed
        assert repr(key)[2:-1] not in printed
    assert master.key_id not in RAW.hex()
