"""Fixtures of the mail outbox, and of the people of the portal."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from pbxbridge.events import EventBus
from pbxbridge.mirror.board import Board
from pbxbridge.services.accounts import Accounts
from pbxbridge.services.actor import Actor
from pbxbridge.services.desk_phones.desk_phones import DeskPhones
from pbxbridge.services.extensions import Extensions
from pbxbridge.services.invitations.claiming import Claiming
from pbxbridge.services.invitations.invitations import Invitations
from pbxbridge.services.mailing.outbox import MailOutbox
from pbxbridge.services.password_check import PasswordCheck
from pbxbridge.services.refusals import Refusals
from pbxbridge.services.sign_in_limit import SignInLimit
from pbxbridge.services.users import Users
from tests.db.fetching_phones import MAC
from tests.db.mail_rows import Clock, sender
from tests.db.people import PASSWORD, CountingPasswords, People, Ticks
from tests.rig.campaign import times
from tests.rig.databases import on_both_engines
from tests.rig.desk_phones import desk_phones_on
from tests.rig.invitations import invitations_on
from tests.rig.mail_catcher import MailCatcher
from tests.rig.quick_hashes import QUICK
from tests.web.forms import add

# Plain questions to the database, whose answers no engine changes.
ON_BOTH_IN_A_CAMPAIGN = {
    *("accounts", "api_tokens", "claiming", "invitations", "password_reset", "second_factor"),
    *("desk_phone_files", "desk_phones", "users"),
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    name = metafunc.module.__name__.removeprefix("tests.db.test_")
    if name not in times(set(), ON_BOTH_IN_A_CAMPAIGN):
        on_both_engines(metafunc)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def catcher() -> AsyncIterator[MailCatcher]:
    async with MailCatcher().listening() as listening:
        yield listening


@pytest.fixture
def invitations(database: str, bus: EventBus, clock: Clock) -> Invitations:
    return invitations_on(bus, clock)


@pytest.fixture
def claiming(
    bus: EventBus, extensions: Extensions, invitations: Invitations, clock: Clock, ticks: Ticks
) -> Claiming:
    return Claiming(bus, extensions, invitations.fits, clock=clock, ticks=ticks)


@pytest.fixture
def board(bus: EventBus) -> Board:
    return Board(bus, ["asterisk"])


@pytest.fixture
def phones(database: str, board: Board) -> DeskPhones:
    return desk_phones_on(board)


@pytest.fixture
async def carried(extensions: Extensions, admin: Actor) -> Extensions:
    """A Yealink with its SIP extension 1001 and, in the third place, the SIP-VIRTUAL 1003."""
    voicemail = {"voicemail": True, "voicemail_pin": "8642"}
    await add(extensions, admin, "1001", mac=MAC, phone_make="yealink", **voicemail)
    virtual = {"device_type": "SIP-VIRTUAL", "mac": MAC, "registration_number": 3}
    override = {"auth_username": "desk.three", "auth_secret": "another-secret"}
    await add(extensions, admin, "1003", **virtual, **override)
    return extensions


@pytest.fixture
def outbox(database: str, bus: EventBus, catcher: MailCatcher, clock: Clock) -> MailOutbox:
    return MailOutbox(bus, sender(catcher).send, clock=clock, jitter=lambda: 0.5)


@pytest.fixture(scope="session")
def passwords() -> CountingPasswords:
    """With hashes that are made in no time."""
    return CountingPasswords(QUICK)


@pytest.fixture(scope="session")
async def password_hash(passwords: CountingPasswords) -> str:
    return await passwords.hashed(PASSWORD)


@pytest.fixture
def people(database: str, password_hash: str) -> People:
    return People(password_hash)


@pytest.fixture
def ticks() -> Ticks:
    """What the limits take for the time."""
    return Ticks()


@pytest.fixture
def check(passwords: CountingPasswords, ticks: Ticks) -> PasswordCheck:
    return PasswordCheck(passwords, SignInLimit(clock=ticks), Refusals(clock=ticks))


@pytest.fixture
def accounts(database: str, clock: Clock, check: PasswordCheck) -> Accounts:
    return Accounts(idle=timedelta(hours=1), longest=timedelta(hours=12), clock=clock, check=check)


@pytest.fixture
def users(database: str, check: PasswordCheck) -> Users:
    return Users(check.passwords)
