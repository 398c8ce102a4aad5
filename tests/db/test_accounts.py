"""Signing in: one-time passwords, sessions that end, tokens that a stolen table does not give."""

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pbxbridge.errors import Conflict, Forbidden, Invalid
from pbxbridge.models.people import Session, User
from pbxbridge.services.accounts import Accounts, SignedIn
from pbxbridge.services.actor import Actor

NEW = "correct horse battery"


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def accounts(database: Path, clock: Clock) -> Accounts:
    return Accounts(idle=timedelta(hours=1), longest=timedelta(hours=12), clock=clock)


async def test_the_first_password_is_random_and_must_be_changed(
    accounts: Accounts, admin: Actor
) -> None:
    password = await accounts.create_admin("admin")
    token = await accounts.sign_in("admin", password, "127.0.0.1")
    assert await accounts.session(token) == SignedIn("admin", must_change_password=True)
    token = await accounts.change_password(admin, token, password, NEW, NEW)
    assert await accounts.session(token) == SignedIn("admin", must_change_password=False)
    with pytest.raises(Forbidden):
        await accounts.sign_in("admin", password, "127.0.0.1")


async def test_a_login_name_is_given_once(accounts: Accounts) -> None:
    await accounts.create_admin("admin")
    with pytest.raises(Conflict):
        await accounts.create_admin("admin")


async def test_a_wrong_name_and_a_wrong_password_get_the_same_answer(accounts: Accounts) -> None:
    await accounts.create_admin("admin")
    answers = set()
    for login in ("admin", "nobody"):
        with pytest.raises(Forbidden) as refused:
            await accounts.sign_in(login, "wrong", "127.0.0.1")
        answers.add(str(refused.value))
    assert len(answers) == 1


async def test_neither_password_nor_token_is_stored(accounts: Accounts) -> None:
    password = await accounts.create_admin("admin")
    token = await accounts.sign_in("admin", password, "127.0.0.1")
    assert (await User.get(login="admin")).password_hash.startswith("$argon2id$")
    stored = (await Session.all())[0].token_hash
    assert stored == hashlib.sha256(token.encode()).hexdigest()


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
    accounts: Accounts, clock: Clock, uses: list[timedelta], alive: bool
) -> None:
    token = await accounts.sign_in("admin", await accounts.create_admin("admin"), "127.0.0.1")
    seen = None
    for pause in uses:
        clock.now += pause
        seen = await accounts.session(token)
    assert (seen is not None) is alive


async def test_signing_out_ends_the_session(accounts: Accounts) -> None:
    token = await accounts.sign_in("admin", await accounts.create_admin("admin"), "127.0.0.1")
    await accounts.sign_out(token)
    assert await accounts.session(token) is None


async def test_a_new_password_ends_every_other_session(accounts: Accounts, admin: Actor) -> None:
    password = await accounts.create_admin("admin")
    first = await accounts.sign_in("admin", password, "127.0.0.1")
    second = await accounts.sign_in("admin", password, "127.0.0.1")
    third = await accounts.change_password(admin, second, password, NEW, NEW)
    assert [await accounts.session(token) is None for token in (first, second, third)] == [
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("current", "new", "repeat", "field"),
    [
        ("wrong", NEW, NEW, "current"),
        (None, "short", "short", "new"),
        (None, None, None, "new"),
        (None, NEW, NEW + "!", "repeat"),
    ],
)
async def test_a_bad_new_password_is_refused_beside_its_field(
    accounts: Accounts,
    admin: Actor,
    current: str | None,
    new: str | None,
    repeat: str | None,
    field: str,
) -> None:
    password = await accounts.create_admin("admin")
    token = await accounts.sign_in("admin", password, "127.0.0.1")
    with pytest.raises(Invalid) as refused:
        await accounts.change_password(
            admin, token, current or password, new or password, repeat or password
        )
    assert list(refused.value.fields) == [field]
    assert await accounts.session(token) is not None
