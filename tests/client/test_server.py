"""Both clients with a real server: every kind of call, and a token that is renewed under way."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import keystead_client as sdk
from keystead_client import (
    Secret,
    accounts,
    apis,
    audit,
    credentials,
    folders,
    groups,
    owners,
    records,
    settings,
    verification,
)
from keystead_client.records import Folder, Grant
from tests.client.asking import Asker, Make
from tests.client.peer import Between, Fault, running_between
from tests.running import Server


@pytest.fixture
def admin(make: Make, server: Server) -> Asker:
    return make(server.url, server.admin_token)


@pytest.fixture
def folder(admin: Asker, server: Server) -> Folder:
    return admin.send(folders.create(server.unique("folder")))


def test_a_secret_is_kept_fetched_and_replaced(admin: Asker, folder: Folder) -> None:
    made = admin.send(
        accounts.create(folder.id, "orders", {"password": Secret("pässword"), "pin": Secret("1")})
    )
    assert (made.path, made.version, set(made.field_names)) == (
        f"{folder.path}/orders",
        1,
        {"password", "pin"},
    )
    assert admin.fetch(made.path).reveal() == "pässword"
    assert admin.fetch(made.path, "pin") == Secret("1")
    with pytest.raises(sdk.NotFound):
        admin.fetch(made.path, "other")

    written = admin.send(accounts.write(made.id, {"password": Secret("new")}, cas=1))
    assert written.version == 2
    with pytest.raises(sdk.CheckFailed) as caught:
        admin.send(accounts.write(made.id, {"password": Secret("newer")}, cas=1))
    assert caught.value.code == "cas_mismatch"
    assert admin.send(accounts.fetch(made.id, version=1)).fields["pin"] == Secret("1")
    assert [each.n for each in admin.walk(accounts.versions(made.id, page_size=1))] == [2, 1]

    admin.send(accounts.delete(made.id))
    with pytest.raises(sdk.NotFound):
        admin.send(accounts.get(made.id))


def test_a_list_is_walked_page_by_page(admin: Asker, folder: Folder) -> None:
    names = [f"sub-{n}" for n in range(5)]
    for name in names:
        admin.send(folders.create(name, parent_id=folder.id))
    found = admin.walk(folders.find(parent_id=folder.id, page_size=2))
    assert sorted(each.name for each in found) == names


def test_folders_and_owners_are_edited(admin: Asker, folder: Folder, server: Server) -> None:
    name = server.unique("program")
    program = admin.send(
        owners.create("application", name, external_id=name, metadata={"team": "blue"})
    )
    assert (program.external_id, program.metadata) == (name, {"team": "blue"})
    assert [each.id for each in admin.walk(owners.find(external_id=name))] == [program.id]
    granted = admin.send(folders.edit(folder.id, grants=[Grant(program.id, "viewer")]))
    assert Grant(program.id, "viewer") in granted.grants
    assert admin.send(owners.edit(program.id, state="disabled")).state == "disabled"
    assert admin.send(owners.edit(program.id, external_id=None)).external_id is None
    assert admin.send(owners.get(program.id)).state == "disabled"
    admin.send(folders.delete(folder.id))


def test_a_group_is_made_granted_to_and_left(admin: Asker, folder: Folder, server: Server) -> None:
    one, other = (
        admin.send(owners.create("application", server.unique("program"))).id for _ in range(2)
    )
    group = admin.send(groups.create(server.unique("group"), [one]))
    grant = Grant(None, "user", group_id=group.id)
    granted = admin.send(folders.edit(folder.id, grants=[*folder.grants, grant]))
    assert grant in granted.grants
    assert admin.send(folders.edit(folder.id, grants=granted.grants)).grants == granted.grants
    after = admin.send(groups.edit(group.id, add_members=[other], remove_members=[one]))
    assert after.members == (other,)
    assert [each.id for each in admin.walk(groups.find(member_id=other))] == [group.id]
    assert admin.send(groups.get(group.id)) == after
    admin.send(groups.delete(group.id))
    assert admin.send(folders.get(folder.id)).grants == folder.grants


def test_a_password_is_set_made_and_changed(admin: Asker, server: Server) -> None:
    login = server.unique("person")
    wish = owners.create("user", login, login=login, password=Secret("nine troubled waters"))
    made = admin.send(wish)
    assert made.must_change
    assert made.password_changed_at == made.created_at
    fresh = admin.send(owners.edit_with_generated_password(made.id, email="a@example.com"))
    assert (fresh.owner.id, fresh.owner.email) == (made.id, "a@example.com")
    shown = fresh.password.reveal()
    assert shown not in repr(fresh) + repr(fresh.owner.raw)
    other = server.unique("person")
    born = admin.send(owners.create_with_generated_password(other, login=other, roles=["user"]))
    assert (born.owner.kind, born.owner.login, born.owner.must_change) == ("user", other, True)
    assert born.password != fresh.password
    with pytest.raises(sdk.Forbidden) as caught:
        admin.send(owners.change_password(Secret("not this one"), Secret("seven calm lakes")))
    assert caught.value.code == "wrong_password"


def test_the_roles_are_told(admin: Asker) -> None:
    found = admin.send(owners.roles())
    assert [role.name for role in found.items] == ["administrator", "manager", "auditor", "user"]
    assert [right.name for right in found.rights] == ["viewer", "user", "manager"]
    assert "secrets:read" in found.rights[1].permissions


def test_the_rules_are_read_and_changed(admin: Asker) -> None:
    before = admin.send(settings.get())
    changed = admin.send(settings.edit(max_networks=before.max_networks + 1))
    assert changed.max_networks == before.max_networks + 1
    assert admin.send(settings.get()) == changed
    assert admin.send(settings.edit(max_networks=before.max_networks)) == before


def test_a_credential_is_verified(admin: Asker, server: Server) -> None:
    uri = f"https://{server.unique('api').replace(' ', '-')}.example"
    resource = {"key": "scan", "actions": [{"key": "read"}]}
    groups = [{"key": "all", "resources": [resource]}]
    admin.send(apis.create_from({"identifier": uri, "name": uri, "groups": groups}))
    access = [records.Access(api=uri, scopes=("scan:read",))]
    issued = admin.send(credentials.create(server.unique("x"), expires_at=None, access=access))
    verdict = admin.send(verification.verify(issued.secret, audience=uri, scopes=["scan:read"]))
    assert (verdict.active, verdict.code, verdict.scopes) == (True, "VALID", ("scan:read",))
    assert verdict.credential is not None
    assert verdict.credential.id == issued.credential.id
    none = admin.send(verification.verify(Secret("kst_nothing"), audience=uri))
    assert (none.active, none.code, none.credential) == (False, "MALFORMED", None)


def test_a_token_lives_and_ends(admin: Asker, make: Make, server: Server) -> None:
    end = datetime.now(UTC).replace(microsecond=0) + timedelta(days=7)
    name = server.unique("token")
    issued = admin.send(credentials.create(name, expires_at=end, scopes=["self:rotate"]))
    assert issued.credential.expires_at == end
    assert issued.credential.access[0].scopes == ("self:rotate",)
    program = make(server.url, issued.secret)
    seen = program.send(credentials.whoami())
    assert (seen.credential.id, seen.address) == (issued.credential.id, "127.0.0.1")
    with pytest.raises(sdk.Forbidden) as forbidden:
        program.send(folders.find())
    assert forbidden.value.code == "insufficient_scope"

    edited = admin.send(credentials.edit(issued.credential.id, description="changed"))
    assert edited.description == "changed"
    assert admin.send(credentials.disable(issued.credential.id)).state == "disabled"
    with pytest.raises(sdk.Unauthenticated) as caught:
        program.send(credentials.whoami())
    assert caught.value.code == "credential_disabled"
    admin.send(credentials.enable(issued.credential.id))
    assert [each.n for each in admin.walk(credentials.secrets(issued.credential.id))] == [1]
    admin.send(credentials.delete(issued.credential.id))


def test_every_wrong_field_is_named(admin: Asker, server: Server) -> None:
    call = credentials.create(
        "", expires_at=None, scopes=["self:rotate"], networks=["10.0.0.1", "nowhere/99"]
    )
    with pytest.raises(sdk.Invalid) as caught:
        admin.send(call)
    assert {each.field for each in caught.value.errors} == {"name", "networks[1]"}
    name = server.unique("folder")
    admin.send(folders.create(name))
    with pytest.raises(sdk.Conflict) as taken:
        admin.send(folders.create(name))
    assert taken.value.code == "name_taken"
    assert taken.value.request_id.startswith("req_")


def test_the_audit_is_read_and_verified(admin: Asker, folder: Folder) -> None:
    found = admin.walk(audit.find(audit.Filter(object_id=folder.id)))
    assert [each.verb for each in found] == ["folder.create"]
    entry = found[0]
    assert entry.object is not None
    assert (entry.decision, entry.object.name, entry.agent) == (
        "allowed",
        folder.name,
        "keystead-client",
    )
    report = admin.send(audit.verify())
    assert report.intact
    (chain,) = report.chains
    assert chain.entries >= entry.n
    assert chain.findings == ()


class TestRenewal:
    """A job rotates its own token at night; the programs that read the file go on by day."""

    @pytest.fixture
    def file(self, server: Server, tmp_path: Path) -> Path:
        file = tmp_path / "token"
        text, _ = server.token("self:rotate", "folders:list")
        file.write_text(text)
        return file

    def rotate(self, server: Server, make: Make, file: Path) -> str:
        night = make(server.url, None, token_file=file)
        issued = night.send(credentials.rotate_self())
        file.write_text(issued.secret.reveal())
        return issued.credential.id

    def test_a_program_goes_on_with_the_new_token(
        self, make: Make, server: Server, file: Path
    ) -> None:
        program = make(server.url, None, token_file=file)
        program.send(folders.find())
        self.rotate(server, make, file)
        program.send(folders.find())
        self.rotate(server, make, file)
        assert program.send(credentials.whoami()).address == "127.0.0.1"

    def test_a_revoked_token_stays_refused(self, make: Make, server: Server, file: Path) -> None:
        program = make(server.url, None, token_file=file)
        program.send(credentials.revoke_self())
        with pytest.raises(sdk.Unauthenticated) as caught:
            program.send(folders.find())
        assert caught.value.code == "credential_revoked"


@pytest.mark.parametrize("losses", [[Fault.DROP], [Fault.CUT], [Fault.DROP, Fault.CUT, Fault.DROP]])
class TestALostAnswer:
    """The server acted, and its answer did not come: it is asked again and says the same."""

    @pytest.fixture
    def between(self, server: Server, losses: list[Fault]) -> Iterator[Between]:
        with running_between(server.url, *losses) as found:
            yield found

    @pytest.fixture
    def far(self, make: Make, between: Between, server: Server) -> Asker:
        return make(between.url, server.admin_token)

    def test_a_token_is_issued_once_and_its_secret_comes(
        self, far: Asker, between: Between, admin: Asker, make: Make, server: Server
    ) -> None:
        times = len(between.losses) + 1
        name = server.unique("lost")
        issued = far.send(credentials.create(name, expires_at=None, scopes=["folders:list"]))
        assert len(between.asked) == times
        assert [each.id for each in admin.walk(credentials.find(q=name))] == [issued.credential.id]
        make(server.url, issued.secret).send(folders.find())
        only = audit.Filter(object_id=issued.credential.id)
        verbs = [each.verb for each in admin.walk(audit.find(only))]
        assert verbs == ["credential.create"] + ["answer.repeat"] * (times - 1)

    def test_a_secret_is_written_once(self, far: Asker, folder: Folder, admin: Asker) -> None:
        made = admin.send(accounts.create(folder.id, "orders", {"password": Secret("old")}))
        assert far.send(accounts.write(made.id, {"password": Secret("new")}, cas=1)).version == 2
        assert admin.send(accounts.get(made.id)).version == 2

    def test_a_token_is_rotated_once(self, far: Asker, make: Make, server: Server) -> None:
        token, record = server.token("folders:list")
        issued = far.send(credentials.rotate(record["id"], overlap_seconds=60))
        assert [each.n for each in issued.credential.secrets] == [1, 2]
        for text in (token, issued.secret):
            make(server.url, text).send(folders.find())

    def test_what_is_deleted_is_not_missed(self, far: Asker, folder: Folder) -> None:
        far.send(folders.delete(folder.id))

    def test_whoever_ends_himself_hears_that_he_is_ended(
        self, make: Make, between: Between, server: Server
    ) -> None:
        token, _ = server.token("folders:list")
        with pytest.raises(sdk.Unauthenticated) as caught:
            make(between.url, token).send(credentials.revoke_self())
        assert caught.value.code == "credential_revoked"
