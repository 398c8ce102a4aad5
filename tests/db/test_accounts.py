"""Signing in: one-time passwords, sessions that end, tokens that a stolen table does not give."""

import hashlib
from datetime import timedelta

import pytest

from pbxbridge.errors import Conflict, Forbidden, Invalid, NotFound
from pbxbridge.models.people import Role, Session, User
from pbxbridge.services.accounts import Accounts, SignedIn
from pbxbridge.services.actor import Actor
from pbxbridge.services.password_check import PasswordCheck
from pbxbridge.services.passwords import Passwords
from pbxbridge.services.users import Users
from tests.db.mail_rows import Clock
from tests.db.people import ELSEWHERE, HOME, PASSWORD, People, audited

NEW = "another horse battery"


async def test_the_first_password_is_random_and_must_be_changed(
    accounts: Accounts, admin: Actor
) -> None:
    password = await accounts.create_admin("admin")
    token = await accounts.sign_in("admin", password, HOME)
    user = await User.get(login="admin")
    assert await accounts.session(token) == SignedIn(
        user.id, "admin", Role.ADMIN, must_change_password=True
    )
    token = await accounts.change_password(admin, token, password, NEW, NEW)
    assert await accounts.session(token) == SignedIn(
        user.id, "admin", Role.ADMIN, must_change_password=False
    )
    with pytest.raises(Forbidden):
        await accounts.sign_in("admin", password, HOME)


async def test_a_login_name_is_given_once_however_it_is_written(accounts: Accounts) -> None:
    await accounts.create_admin("Admin")
    with pytest.raises(Conflict):
        await accounts.create_admin("ADMIN")


@pytest.mark.parametrize(
    "login",
    ["", " ", " admin", "admin ", "ad\nmin", "ad\x00min", "\ud800", "a" * 65, "a b", "a,b", ".."],
)
async def test_what_cannot_be_a_login_name_is_refused(accounts: Accounts, login: str) -> None:
    with pytest.raises(Invalid) as refused:
        await accounts.create_admin(login)
    assert list(refused.value.fields) == ["login"]
    assert not await accounts.any_user()


@pytest.mark.parametrize("typed", ["zoë", "ZOË", " Zoë ", "Zoe\u0308"])
async def test_a_login_name_is_known_however_it_is_typed(
    accounts: Accounts, people: People, typed: str
) -> None:
    await people.add("zoë")
    signed_in = await accounts.session(await accounts.sign_in(typed, PASSWORD, HOME))
    assert signed_in is not None
    assert signed_in.login == "zoë"


@pytest.mark.parametrize("login", ["nobody", "", "\x00", "\ud800", "admin" * 1000])
async def test_a_wrong_name_and_a_wrong_password_get_the_same_answer(
    accounts: Accounts, people: People, login: str
) -> None:
    await people.add("admin")
    answers = set()
    for name in ("admin", login):
        with pytest.raises(Forbidden) as refused:
            await accounts.sign_in(name, "wrong \ud800", HOME)
        answers.add(str(refused.value))
    assert len(answers) == 1


async def test_neither_password_nor_token_is_stored(accounts: Accounts) -> None:
    password = await accounts.create_admin("admin")
    token = await accounts.sign_in("admin", password, HOME)
    assert password not in (await User.get(login="admin")).password_hash
    stored = (await Session.all())[0].token_hash
    assert stored == hashlib.sha256(token.encode()).hexdigest()


async def test_passwords_are_hashed_as_rfc_9106_recommends() -> None:
    """The second recommended option: Argon2id, 3 passes, 64 MiB, 4 lanes."""
    assert (await Passwords().hashed("\ud800")).startswith("$argon2id$v=19$m=65536,t=3,p=4$")


@pytest.mark.parametrize(
    ("uses", "alive"),
    [
        ([timedelta(minutes=59)], True),
        ([timedelta(minutes=61)], False),
        ([timedelta(minutes=50)] * 14, True),
        ([timedelta(minutes=50)] * 15, False),
    ],
    ids=["used in time", "idle too long", "in steady use", "too old, though in steady use"],
)
async def test_a_session_ends(
    accounts: Accounts, people: People, clock: Clock, uses: list[timedelta], alive: bool
) -> None:
    await people.add("ada")
    token = await accounts.sign_in("ada", PASSWORD, HOME)
    seen = None
    for pause in uses:
        clock.offset += pause
        seen = await accounts.session(token)
    assert (seen is not None) is alive
    assert len(await accounts.sessions_of("ada", token)) == int(alive)


async def test_signing_in_and_out_are_written_down(accounts: Accounts, people: People) -> None:
    await people.add("ada")
    token = await accounts.sign_in("ada", PASSWORD, HOME)
    await accounts.sign_out(token)
    await accounts.sign_out(token)
    assert await accounts.session(token) is None
    for action in ("user.signed-in", "user.signed-out"):
        assert [(e.actor, e.address, e.subject) for e in await audited(action)] == [
            ("ada", HOME, "ada")
        ]


async def test_a_person_sees_where_they_are_signed_in(
    accounts: Accounts, people: People, clock: Clock
) -> None:
    for login in ("ada", "grace"):
        await people.add(login)
        await accounts.sign_in(login, PASSWORD, HOME, user_agent="Old\x1b[0m " + "x" * 500)
    clock.offset += timedelta(minutes=1)
    token = await accounts.sign_in("ada", PASSWORD, ELSEWHERE, user_agent="New")
    new, old = await accounts.sessions_of("ada", token)
    assert (new.address, new.user_agent, new.current) == (ELSEWHERE, "New", True)
    assert (old.address, old.current) == (HOME, False)
    assert old.user_agent.startswith("Old [0m x")
    assert len(old.user_agent) == 200
    assert token not in (new.id, old.id)


async def test_a_person_ends_one_session_of_their_own(accounts: Accounts, people: People) -> None:
    await people.add("ada")
    lost = await accounts.sign_in("ada", PASSWORD, ELSEWHERE)
    kept = await accounts.sign_in("ada", PASSWORD, HOME)
    ada = Actor("ada", HOME)
    [session] = [s for s in await accounts.sessions_of("ada", kept) if not s.current]
    await accounts.end_session(ada, session.id)
    assert await accounts.session(lost) is None
    assert await accounts.session(kept) is not None
    with pytest.raises(NotFound):
        await accounts.end_session(ada, session.id)
    [entry] = await audited("user.sessions-ended")
    assert (entry.actor, entry.subject) == ("ada", "ada")
    assert ELSEWHERE in str(entry.before)


async def test_nobody_ends_a_session_of_somebody_else(accounts: Accounts, people: People) -> None:
    await people.add("ada")
    await people.add("grace")
    token = await accounts.sign_in("ada", PASSWORD, HOME)
    [session] = await accounts.sessions_of("ada", token)
    with pytest.raises(NotFound):
        await accounts.end_session(Actor("grace", HOME), session.id)
    assert await accounts.session(token) is not None


async def test_all_other_sessions_end_at_once(accounts: Accounts, people: People) -> None:
    await people.add("ada")
    await people.add("grace")
    others = [await accounts.sign_in("ada", PASSWORD, ELSEWHERE) for _ in range(3)]
    token = await accounts.sign_in("ada", PASSWORD, HOME)
    foreign = await accounts.sign_in("grace", PASSWORD, HOME)
    await accounts.end_other_sessions(Actor("ada", HOME), token)
    assert [await accounts.session(each) for each in others] == [None] * 3
    assert await accounts.session(token) is not None
    assert await accounts.session(foreign) is not None
    assert len(await audited("user.sessions-ended")) == 1


async def test_a_new_password_ends_every_other_session(accounts: Accounts, people: People) -> None:
    await people.add("ada")
    first = await accounts.sign_in("ada", PASSWORD, HOME)
    second = await accounts.sign_in("ada", PASSWORD, HOME, user_agent="Browser")
    ada = Actor("ada", HOME)
    third = await accounts.change_password(ada, second, PASSWORD, NEW, NEW)
    assert [await accounts.session(token) is None for token in (first, second, third)] == [
        True,
        True,
        False,
    ]
    [session] = await accounts.sessions_of("ada", third)
    assert (session.user_agent, session.current) == ("Browser", True)
    assert len(await audited("user.password-changed")) == 1


@pytest.mark.parametrize(
    ("current", "new", "repeat", "field"),
    [
        ("wrong", NEW, NEW, "current"),
        (PASSWORD, "short", "short", "new"),
        (PASSWORD, PASSWORD, PASSWORD, "new"),
        (PASSWORD, "Ada.Lovelace", "Ada.Lovelace", "new"),
        (PASSWORD, NEW, NEW + "!", "repeat"),
    ],
)
async def test_a_bad_new_password_is_refused_beside_its_field(
    accounts: Accounts, people: People, current: str, new: str, repeat: str, field: str
) -> None:
    await people.add("ada.lovelace")
    token = await accounts.sign_in("ada.lovelace", PASSWORD, HOME)
    with pytest.raises(Invalid) as refused:
        await accounts.change_password(Actor("ada.lovelace", HOME), token, current, new, repeat)
    assert list(refused.value.fields) == [field]
    assert await accounts.session(token) is not None


async def test_who_signs_in_while_the_password_is_reset_is_not_let_in(
    accounts: Accounts, people: People, admin: Actor, users: Users, passwords: Passwords
) -> None:
    """The old password is checked, but before the session begins it is the old one no more."""

    class Slow(PasswordCheck):
        async def is_right(
            self, login: str, stored: str | None, password: str, address: str
        ) -> bool:
            right = await super().is_right(login, stored, password, address)
            await users.reset_password(admin, "ada")
            return right

    await people.add("ada")
    slow = Accounts(idle=timedelta(hours=1), longest=timedelta(hours=1), check=Slow(passwords))
    with pytest.raises(Forbidden):
        await slow.sign_in("ada", PASSWORD, HOME)
    assert not await Session.all().exists()
