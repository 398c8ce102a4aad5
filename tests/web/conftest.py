"""The whole portal on a database of the test's own, and a browser's view of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer

from pbxbridge.asterisk.ari_link import AriLink
from pbxbridge.asterisk.mailbox_actions import MailboxActions
from pbxbridge.events import EventBus
from pbxbridge.mail.sender import SmtpSender
from pbxbridge.mirror.board import Board
from pbxbridge.mirror.call_board import CallBoard
from pbxbridge.mirror.queue_board import QueueBoard
from pbxbridge.services.accounts import Accounts
from pbxbridge.services.actor import Actor
from pbxbridge.services.api_tokens import ApiTokens
from pbxbridge.services.audit_trail import AuditTrail
from pbxbridge.services.calling.preview import Preview
from pbxbridge.services.calling.simulation import Simulation
from pbxbridge.services.desk_phones.desk_phones import DeskPhones
from pbxbridge.services.extension_store import SiteDefaults
from pbxbridge.services.extensions import Extensions
from pbxbridge.services.invitations.claiming import Claiming
from pbxbridge.services.invitations.invitations import Invitations
from pbxbridge.services.licences import Licences
from pbxbridge.services.mailing.mail_test import MailTest
from pbxbridge.services.mailing.outbox_changes import OutboxChanges
from pbxbridge.services.mailing.server_health import MailServer
from pbxbridge.services.overview import Overview
from pbxbridge.services.password_check import PasswordCheck
from pbxbridge.services.password_reset import PasswordReset
from pbxbridge.services.passwords import Passwords
from pbxbridge.services.people import Role
from pbxbridge.services.phone_calls import PhoneCalls
from pbxbridge.services.second_factor import SecondFactor
from pbxbridge.services.states.history import History
from pbxbridge.services.transfer.desk import ImportDesk
from pbxbridge.services.transfer.transfer import Transfer
from pbxbridge.services.user_input import UserInput
from pbxbridge.services.users import Users
from pbxbridge.services.voicemail.boxes import VoicemailBoxes
from pbxbridge.services.voicemail.inbox import VoicemailInbox
from pbxbridge.services.voicemail.spool import VoicemailSpool
from pbxbridge.settings import ONLY_NODE, NodeSettings, SmtpSettings, WebSettings
from tests.db.mail_rows import running
from tests.fakes.eager_mirror import EagerMirror
from tests.fakes.voicemail_link import VoicemailLink
from tests.rig.call_centre import call_centre_on
from tests.rig.calling import calling_on
from tests.rig.campaign import times
from tests.rig.databases import Databases, Engine, Template, on_both_engines
from tests.rig.desk_phones import PHONE_SETTINGS, desk_phones_on
from tests.rig.invitations import invitations_on
from tests.rig.quick_hashes import QUICK
from tests.rig.relaying import relay_for
from tests.web.visitor import Client, Visitor
from web.app import LiveTimes, Portal, make_app

PASSWORD = "a few words in a row"
IDLE, LONGEST = timedelta(minutes=30), timedelta(hours=8)


# Whose answers are made of what services find in the database. The other modules, and the browser,
# are about what the portal makes of it, and have SQLite.
ON_BOTH_ENGINES = {
    *("api_lists", "audit_page", "extensions_list", "hostile_requests", "transfer_page"),
    "voicemail_boxes",
}
# What they ask of the database, tests/db asks on both.
ON_BOTH_IN_A_CAMPAIGN = {
    *("api_extensions", "api_preconditions", "api_problems", "api_users", "classes_page"),
    *("extension_bulk", "extension_delete", "extensions_page", "groups_page", "routes_page"),
    *("trunks_page", "users_page", "agents_page", "queues_page"),
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    name = metafunc.module.__name__.removeprefix("tests.web.test_")
    if name in times(ON_BOTH_ENGINES | ON_BOTH_IN_A_CAMPAIGN, ON_BOTH_ENGINES):
        on_both_engines(metafunc)


class Clock:
    """A clock that the test can put forward."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


async def prepare() -> Mapping[Role, str]:
    """Make a user of each role, named as the role; return the token of a session of each."""
    check = PasswordCheck(Passwords(QUICK))
    accounts = Accounts(idle=IDLE, longest=LONGEST, check=check)
    console, users = Actor("console", ""), Users(check.passwords)
    tokens = {}
    for role in Role:
        wanted = UserInput(login=role.value, role=role)
        _, once = await users.create(console, wanted)
        token = await accounts.sign_in(role.value, once, "127.0.0.1")
        actor = Actor(role.value, "127.0.0.1")
        tokens[role] = await accounts.change_password(actor, token, once, PASSWORD, PASSWORD)
    return tokens


@dataclass(frozen=True)
class Prepared:
    """A database with a user of each role, named as the role, and a session of each of them.

    Their password is PASSWORD; ``token`` is the administrator's.
    """

    tokens: Mapping[Role, str]

    @property
    def token(self) -> str:
        return self.tokens[Role.ADMIN]


@pytest.fixture
async def template(databases: Databases, engine: Engine) -> Template:
    """Made once, and copied."""
    return await databases.template(engine, prepare)


@pytest.fixture
def prepared(template: Template) -> Prepared:
    """What is in the database of this test."""
    return Prepared(template.made)


@pytest.fixture(scope="session")
def one_clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def passwords() -> Passwords:
    """With hashes that are made in no time."""
    return Passwords(QUICK)


@pytest.fixture
def check(passwords: Passwords) -> PasswordCheck:
    """With the wrong tries of this test only."""
    return PasswordCheck(passwords)


@pytest.fixture
def accounts(check: PasswordCheck, one_clock: Clock) -> Accounts:
    return Accounts(idle=IDLE, longest=LONGEST, clock=one_clock, check=check)


@pytest.fixture
async def password_reset(
    database: str, bus: EventBus, check: PasswordCheck, one_clock: Clock
) -> AsyncIterator[PasswordReset]:
    """Works off what is asked of it, as in the bridge."""
    service = PasswordReset(bus, check, sender="portal@pbx.local", clock=one_clock)
    async with running(service):
        yield service


@pytest.fixture
def clock(one_clock: Clock) -> Iterator[Clock]:
    """What the sessions of this test take for the time."""
    yield one_clock
    one_clock.ahead = timedelta(0)


@pytest.fixture
def voicemail_link(tmp_path: Path, bus: EventBus) -> VoicemailLink:
    """What stands for Asterisk where it works on voicemail; the spool is its ``spool``."""
    return VoicemailLink(tmp_path / "voicemail", bus)


@pytest.fixture
def voicemail(voicemail_link: VoicemailLink, bus: EventBus) -> VoicemailInbox:
    """The real service with the real relay, which only works when it is asked."""
    spool = VoicemailSpool(voicemail_link.spool)
    relay = relay_for(bus, spool)
    return VoicemailInbox(spool, MailboxActions(voicemail_link), relay.settled)


@pytest.fixture
def boxes(voicemail_link: VoicemailLink) -> VoicemailBoxes:
    """The same messages, counted."""
    return VoicemailBoxes(VoicemailSpool(voicemail_link.spool))


@pytest.fixture
def mail_server() -> MailServer:
    """A server that is not there; a test that needs one brings it."""
    nowhere = SmtpSettings(host="127.0.0.1", port=1)
    return MailServer(nowhere, SmtpSender(nowhere).probe)


@pytest.fixture
def transfer(database: str, bus: EventBus) -> Transfer:
    return Transfer(bus, SiteDefaults(60, 20), Licences(None))


@pytest.fixture
async def imports(transfer: Transfer) -> AsyncIterator[ImportDesk]:
    """Works off what is asked of it, as in the bridge."""
    desk = ImportDesk(transfer)
    async with running(desk):
        yield desk


@pytest.fixture
def board(bus: EventBus) -> Board:
    return Board(bus, [ONLY_NODE])


@pytest.fixture
def call_board() -> CallBoard:
    """Who is on the phone; nobody but the test feeds it."""
    return CallBoard([ONLY_NODE])


@pytest.fixture
def calls(extensions: Extensions, call_board: CallBoard, board: Board) -> PhoneCalls:
    """The real service with a link that does not run: Asterisk is away."""
    link = AriLink(ONLY_NODE, NodeSettings(), call_board, lambda: None, "hello-world")
    return PhoneCalls(extensions, call_board, {ONLY_NODE: link}, board)


@pytest.fixture
def queue_board() -> QueueBoard:
    """What happens in queues; nobody but the test feeds it."""
    return QueueBoard([ONLY_NODE])


@pytest.fixture
def desk_phones(database: str, board: Board) -> DeskPhones:
    """The real service; there is no Asterisk that would tell a phone anything."""
    return desk_phones_on(board)


@pytest.fixture
def invitations(database: str, bus: EventBus, clock: Clock) -> Invitations:
    return invitations_on(bus, clock)


@pytest.fixture
def claiming(
    bus: EventBus, extensions: Extensions, invitations: Invitations, clock: Clock
) -> Claiming:
    return Claiming(bus, extensions, invitations.fits, clock=clock)


@pytest.fixture
def mirror(board: Board) -> EagerMirror:
    """What the board shows; nobody but the test feeds it."""
    return EagerMirror(ONLY_NODE, board)


@pytest.fixture
def portal(
    database: str,
    bus: EventBus,
    board: Board,
    extensions: Extensions,
    accounts: Accounts,
    password_reset: PasswordReset,
    check: PasswordCheck,
    voicemail: VoicemailInbox,
    boxes: VoicemailBoxes,
    mail_server: MailServer,
    transfer: Transfer,
    imports: ImportDesk,
    calls: PhoneCalls,
    desk_phones: DeskPhones,
    invitations: Invitations,
    claiming: Claiming,
    queue_board: QueueBoard,
    clock: Clock,
) -> Portal:
    """What the portal of this test is made of: the real services."""
    users = Users(check.passwords)
    calling = calling_on(bus)
    return Portal(
        extensions=extensions,
        accounts=accounts,
        users=users,
        second_factor=SecondFactor(check, clock=clock),
        password_reset=password_reset,
        api_tokens=ApiTokens(clock=clock),
        audit=AuditTrail(extensions, users),
        overview=Overview(),
        board=board,
        bus=bus,
        settings=WebSettings(),
        voicemail=voicemail,
        boxes=boxes,
        outbox=OutboxChanges(bus),
        mail_test=MailTest(bus, sender="portal@pbx.local"),
        mail_server=mail_server,
        transfer=transfer,
        imports=imports,
        trunks=calling.trunks,
        routes=calling.routes,
        classes=calling.classes,
        groups=calling.groups,
        inbound=calling.inbound,
        simulation=Simulation(),
        preview=Preview(SiteDefaults(60, 20), lambda n: board.state_of(n).takes_calls),
        history=History(timedelta(days=30)),
        calls=calls,
        desk_phones=desk_phones,
        phone_settings=PHONE_SETTINGS,
        invitations=invitations,
        claiming=claiming,
        **call_centre_on(bus, board, queue_board),
        live=LiveTimes(session_check=0.05, gather=0.01),
    )


@pytest.fixture
async def client(portal: Portal) -> AsyncIterator[Client]:
    """The running portal."""
    async with TestClient(TestServer(make_app(portal))) as client:
        yield client


@pytest.fixture
def stranger(client: Client) -> Visitor:
    """Somebody who is not signed in."""
    return Visitor(client)


@pytest.fixture
def visitor(client: Client, prepared: Prepared) -> Visitor:
    """The administrator, signed in."""
    return Visitor(client, prepared.token)


@pytest.fixture
def operator(client: Client, prepared: Prepared) -> Visitor:
    """Who sees everything and changes nothing, signed in."""
    return Visitor(client, prepared.tokens[Role.OPERATOR])


@pytest.fixture
def person(client: Client, prepared: Prepared) -> Visitor:
    """Who sees what is their own, signed in; the login name is ``user``."""
    return Visitor(client, prepared.tokens[Role.USER])


@pytest.fixture
async def secure_client(portal: Portal) -> AsyncIterator[Client]:
    """The portal as it is told to be where it is served by HTTPS."""
    secure = replace(portal, settings=WebSettings(secure_cookies=True))
    async with TestClient(TestServer(make_app(secure))) as client:
        yield client
