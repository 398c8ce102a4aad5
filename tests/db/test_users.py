"""The Users screen's service: who may sign in, as what, and with which extensions."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from benchmarks.population import numbers, populate
from pbxbridge.errors import Conflict, Forbidden, Invalid, NotFound, PbxBridgeError
from pbxbridge.models import realtime
from pbxbridge.models.audit_entry import AuditEntry
from pbxbridge.models.extension import Extension
from pbxbridge.models.people import ApiToken, PasswordReset, Role, Session, TokenScope, User
from pbxbridge.services.accounts import Accounts
from pbxbridge.services.actor import Actor
from pbxbridge.services.api_tokens import ApiTokens
from pbxbridge.services.extension_input import parse_extension
from pbxbridge.services.extensions import Extensions
from pbxbridge.services.parsing import parse
from pbxbridge.services.user_input import UserInput
from pbxbridge.services.users import Users
from tests.db.people import HOME, PASSWORD, People, audited
from tests.db.statements import statements

ADA = {"login": "ada", "name": "Ada Lovelace", "email": "ada@pbx.local", "role": "user"}


def wanted(**fields: object) -> UserInput:
    return parse(UserInput, {**ADA, **fields})


@pytest.fixture
async def two_extensions(extensions: Extensions, admin: Actor) -> None:
    for number in ("1001", "0200"):
        await extensions.create(
            admin, parse_extension({"number": number, "caller_id_name": f"Desk {number}"})
        )


async def test_a_new_user_signs_in_with_a_one_time_password(
    users: Users, accounts: Accounts, admin: Actor, two_extensions: None
) -> None:
    view, password = await users.create(admin, wanted(login=" Ada", extensions=["1001", "0200"]))
    assert (view.login, view.name, view.email, view.role) == (
        "ada",
        "Ada Lovelace",
        "ada@pbx.local",
        Role.USER,
    )
    assert view.extensions == ["0200", "1001"]
    assert (view.totp, view.version) == (False, 1)
    assert await users.get("ADA") == view
    signed_in = await accounts.session(await accounts.sign_in("ada", password, HOME))
    assert signed_in is not None
    assert signed_in.must_change_password
    [entry] = await audited("user.created")
    assert (entry.actor, entry.subject, entry.before) == ("admin", "ada", {})
    assert entry.after == {
        "name": "Ada Lovelace",
        "email": "ada@pbx.local",
        "role": "user",
        "extensions": ["0200", "1001"],
    }
    assert password not in str(await AuditEntry.all().values())


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"login": ""}, "login"),
        ({"login": "a\tb"}, "login"),
        ({"login": "a" * 65}, "login"),
        ({"name": "x" * 81}, "name"),
        ({"name": "two\nlines"}, "name"),
        ({"email": "no address"}, "email"),
        ({"role": "king"}, "role"),
        ({"role": ""}, "role"),
        ({"extensions": ["9999"]}, "extensions"),
        ({"extensions": ["1" * 500]}, "extensions"),
        ({"extensions": ["\ud800"]}, "extensions"),
        ({"extensions": 5}, "extensions"),
        ({"version": 1}, "version"),
    ],
)
async def test_what_breaks_a_rule_is_refused_beside_its_field(
    users: Users, people: People, admin: Actor, fields: Mapping[str, object], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        await users.create(admin, wanted(**fields))
    assert list(refused.value.fields) == [field]
    await people.add("grace")
    if field != "login":
        with pytest.raises(Invalid) as refused:
            await users.update(admin, "grace", fields)
        assert list(refused.value.fields) == [field]
    assert await User.all().count() == 1
    assert not await AuditEntry.all().exists()


async def test_a_login_name_is_given_once(users: Users, people: People, admin: Actor) -> None:
    await people.add("ada")
    with pytest.raises(Invalid) as refused:
        await users.create(admin, wanted(login="ADA"))
    assert list(refused.value.fields) == ["login"]


async def test_only_what_is_sent_changes(users: Users, admin: Actor, two_extensions: None) -> None:
    before, _ = await users.create(admin, wanted(extensions=["1001"]))
    after = await users.update(admin, "ada", {"name": "Countess"}, version=before.version)
    assert (after.name, after.email, after.extensions, after.version) == (
        "Countess",
        before.email,
        ["1001"],
        2,
    )
    assert await users.get("ada") == after
    [entry] = await audited("user.changed")
    assert (entry.before, entry.after) == ({"name": "Ada Lovelace"}, {"name": "Countess"})


async def test_saving_what_is_there_already_changes_nothing(users: Users, admin: Actor) -> None:
    before, _ = await users.create(admin, wanted())
    assert await users.update(admin, "ada", ADA) == before
    assert not await audited("user.changed")


async def test_a_stale_form_overwrites_nothing(users: Users, admin: Actor) -> None:
    await users.create(admin, wanted())
    await users.update(admin, "ada", {"name": "First"}, version=1)
    with pytest.raises(Conflict):
        await users.update(admin, "ada", {"name": "Second"}, version=1)
    assert (await users.get("ada")).name == "First"


async def test_a_login_name_stays(users: Users, people: People, admin: Actor) -> None:
    await people.add("ada")
    with pytest.raises(Invalid) as refused:
        await users.update(admin, "ada", {"login": "countess"})
    assert list(refused.value.fields) == ["login"]


@pytest.mark.parametrize("login", ["nobody", "", "\x00", "x" * 500, "\ud800"])
async def test_who_does_not_exist_is_not_found(users: Users, admin: Actor, login: str) -> None:
    with pytest.raises(NotFound):
        await users.get(login)
    with pytest.raises(NotFound):
        await users.update(admin, login, {})
    with pytest.raises(NotFound):
        await users.delete(admin, login)
    with pytest.raises(NotFound):
        await users.reset_password(admin, login)
    with pytest.raises(NotFound):
        await users.switch_off_second_factor(admin, login)


async def asterisk_rows() -> list[object]:
    """Return every row that Asterisk reads."""
    tables = (realtime.PsEndpoint, realtime.PsAor, realtime.PsAuth, realtime.VoicemailBox)
    return [await table.all().values() for table in tables]


async def test_extensions_are_linked_and_asterisk_sees_nothing_of_it(
    users: Users, admin: Actor, two_extensions: None
) -> None:
    before = await asterisk_rows()
    await users.create(admin, wanted(extensions="1001"))
    await users.update(admin, "ada", {"extensions": ["0200", "0200"]})
    assert (await users.get("ada")).extensions == ["0200"]
    assert await asterisk_rows() == before
    # 1001 was linked and unlinked, 0200 linked: forms that show their users are stale.
    assert dict(await Extension.all().values_list("number", "version")) == {"1001": 3, "0200": 2}
    [entry] = await audited("user.changed")
    assert (entry.before, entry.after) == ({"extensions": ["1001"]}, {"extensions": ["0200"]})
    await users.delete(admin, "ada")
    assert await Extension.all().count() == 2
    assert await asterisk_rows() == before


async def test_the_list_is_searched_and_paged(
    users: Users, people: People, admin: Actor, two_extensions: None
) -> None:
    for number in range(7):
        await people.add(f"user{number}", email=f"box{number}@pbx.local")
    await users.create(admin, wanted(extensions=["1001"]))
    page = await users.page(page=2, per_page=3)
    assert [user.login for user in page.items] == ["user2", "user3", "user4"]
    assert (page.total, page.page, page.pages) == (8, 2, 3)
    assert (await users.page(page=99, per_page=3)).page == 3
    for search in ("LOVELACE", "ADA@", "ada"):
        assert [user.login for user in (await users.page(search)).items] == ["ada"]
    assert (await users.page("ada")).items[0].extensions == ["1001"]
    assert (await users.page("box3")).items[0].login == "user3"
    for search in ("%", "\\", "x" * 1000):
        assert (await users.page(search)).total == 0
    assert (await users.page("\x00\ud800")).total == 8


async def test_another_role_ends_sessions_and_tokens_of_greater_power(
    users: Users, accounts: Accounts, people: People, admin: Actor
) -> None:
    for login in ("admin", "ada"):
        await people.add(login, Role.ADMIN)
    tokens, ada = ApiTokens(), Actor("ada", HOME)
    _, writing = await tokens.create(ada, "writes", TokenScope.WRITE, 30)
    _, reading = await tokens.create(ada, "reads", TokenScope.READ, 30)
    session = await accounts.sign_in("ada", PASSWORD, HOME)
    await users.update(admin, "ada", {"name": "Ada"})
    assert await accounts.session(session)
    await users.update(admin, "ada", {"role": "operator"})
    assert await accounts.session(session) is None
    assert await tokens.authenticate(writing) is None
    holder = await tokens.authenticate(reading)
    assert holder is not None
    assert holder.role is Role.OPERATOR


async def test_a_deleted_user_leaves_nothing(
    users: Users, accounts: Accounts, people: People, admin: Actor, two_extensions: None
) -> None:
    await people.add("ada", Role.ADMIN)
    await people.add("admin", Role.ADMIN)
    session = await accounts.sign_in("ada", PASSWORD, HOME)
    await ApiTokens().create(Actor("ada", HOME), "backup", TokenScope.READ, 30)
    await users.update(admin, "ada", {"extensions": ["1001"]})
    await users.delete(admin, "ada")
    assert await accounts.session(session) is None
    for table in (Session, ApiToken, PasswordReset):
        assert not await table.all().exists()
    assert not await Extension.filter(users__id__not_isnull=True).exists()
    [entry] = await audited("user.deleted")
    assert (entry.subject, entry.before["extensions"], entry.after) == ("ada", ["1001"], {})
    with pytest.raises(NotFound):
        await users.get("ada")


async def test_nobody_deletes_themself(users: Users, people: People, admin: Actor) -> None:
    await people.add("admin", Role.ADMIN)
    await people.add("ada", Role.ADMIN)
    with pytest.raises(Forbidden):
        await users.delete(admin, "ADMIN")


async def test_the_last_administrator_stays(users: Users, people: People) -> None:
    await people.add("admin", Role.ADMIN)
    await people.add("grace", Role.OPERATOR)
    grace = Actor("grace", HOME)
    with pytest.raises(Conflict):
        await users.delete(grace, "admin")
    with pytest.raises(Invalid) as refused:
        await users.update(grace, "admin", {"role": "user"})
    assert list(refused.value.fields) == ["role"]
    await users.update(grace, "admin", {"name": "Still here"})


@pytest.mark.parametrize("demote", [True, False])
async def test_of_administrators_who_remove_each_other_one_stays(
    users: Users, people: People, demote: bool
) -> None:
    logins = [f"admin{number}" for number in range(6)]
    for login in logins:
        await people.add(login, Role.ADMIN)

    async def remove(actor: str, other: str) -> None:
        if demote:
            await users.update(Actor(actor, HOME), other, {"role": "user"})
        else:
            await users.delete(Actor(actor, HOME), other)

    async with asyncio.timeout(30):
        outcomes = await asyncio.gather(
            *(remove(logins[number - 1], login) for number, login in enumerate(logins)),
            return_exceptions=True,
        )
    assert sum(isinstance(outcome, PbxBridgeError) for outcome in outcomes) == 1
    assert await User.filter(role=Role.ADMIN).count() == 1


async def test_a_forgotten_password_is_replaced_by_a_one_time_password(
    users: Users, accounts: Accounts, people: People, admin: Actor
) -> None:
    user = await people.add("ada")
    session = await accounts.sign_in("ada", PASSWORD, HOME)
    await PasswordReset.create(user_id=user.id, code_hash="x", expires_at=user.created_at)
    password = await users.reset_password(admin, "ada")
    assert await accounts.session(session) is None
    assert not await PasswordReset.all().exists()
    with pytest.raises(Forbidden):
        await accounts.sign_in("ada", PASSWORD, HOME)
    signed_in = await accounts.session(await accounts.sign_in("ada", password, HOME))
    assert signed_in is not None
    assert signed_in.must_change_password
    [entry] = await audited("user.password-reset")
    assert (entry.actor, entry.subject, entry.before, entry.after) == ("admin", "ada", {}, {})


async def test_an_administrator_lets_in_who_lost_their_phone(
    users: Users, accounts: Accounts, people: People, admin: Actor
) -> None:
    user = await people.add("ada")
    await User.filter(id=user.id).update(totp_secret="A" * 32)
    assert (await users.get("ada")).totp
    for _ in range(2):
        await users.switch_off_second_factor(admin, "ada")
    assert not (await users.get("ada")).totp
    assert await accounts.sign_in("ada", PASSWORD, HOME)
    [entry] = await audited("user.second-factor-off")
    assert (entry.actor, entry.subject) == ("admin", "ada")


async def test_an_extension_has_no_more_users_than_its_own_form_takes(
    users: Users, extensions: Extensions, admin: Actor, two_extensions: None
) -> None:
    crowd = [f"user{number}" for number in range(50)]
    await User.bulk_create([User(login=login, password_hash="") for login in crowd])
    await extensions.update(admin, "1001", {"users": crowd})
    with pytest.raises(Invalid) as refused:
        await users.create(admin, wanted(extensions=["0200", "1001"]))
    sentence = "Extension 1001 has 50 users, and can have no more."
    assert refused.value.fields == {"extensions": sentence}
    await users.create(admin, wanted(extensions=["0200"]))
    await users.update(admin, "user0", {"name": "Still one of them"})


async def test_a_user_is_given_many_extensions_with_few_statements(
    users: Users, admin: Actor, database: str
) -> None:
    await populate(300)
    named = [str(number) for number in numbers(300)]
    async with statements() as seen:
        await users.create(admin, wanted(extensions=named))
    assert len([each for each in seen if not each.startswith("INSERT")]) < 30
    assert (await users.get("ada")).extensions == named
    assert (await users.update(admin, "ada", {"extensions": named[:3]})).extensions == named[:3]
    assert await Extension.filter(number=named[9], version=3).exists()
