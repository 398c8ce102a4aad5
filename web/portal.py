"""What the portal is given from outside, and the keys under which a request finds it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aiohttp import web

from pbxbridge.services.actor import Actor
from pbxbridge.services.people import Role
from web.client_address import believed_address

if TYPE_CHECKING:
    from pbxbridge.events import EventBus
    from pbxbridge.mirror.board import Board
    from pbxbridge.mirror.queue_board import QueueBoard
    from pbxbridge.phone_settings import PhoneSettings
    from pbxbridge.services.accounts import Accounts
    from pbxbridge.services.api_tokens import ApiTokens
    from pbxbridge.services.audit_trail import AuditTrail
    from pbxbridge.services.call_centre.agent_desk import AgentDesk
    from pbxbridge.services.call_centre.agents import Agents
    from pbxbridge.services.call_centre.call_log import CallLog
    from pbxbridge.services.call_centre.queues import Queues
    from pbxbridge.services.call_centre.wallboard import Wallboard
    from pbxbridge.services.calling.classes import ClassesOfService
    from pbxbridge.services.calling.groups import PhoneGroups
    from pbxbridge.services.calling.inbound import Inbound
    from pbxbridge.services.calling.preview import Preview
    from pbxbridge.services.calling.routes import Routes
    from pbxbridge.services.calling.simulation import Simulation
    from pbxbridge.services.calling.trunks import Trunks
    from pbxbridge.services.desk_phones.desk_phones import DeskPhones
    from pbxbridge.services.extensions import Extensions
    from pbxbridge.services.invitations.claiming import Claiming
    from pbxbridge.services.invitations.invitations import Invitations
    from pbxbridge.services.mailing.mail_test import MailTest
    from pbxbridge.services.mailing.outbox_changes import OutboxChanges
    from pbxbridge.services.mailing.server_health import MailServer
    from pbxbridge.services.overview import Overview
    from pbxbridge.services.password_reset import PasswordReset
    from pbxbridge.services.phone_calls import PhoneCalls
    from pbxbridge.services.second_factor import SecondFactor
    from pbxbridge.services.states.history import History
    from pbxbridge.services.transfer.desk import ImportDesk
    from pbxbridge.services.transfer.transfer import Transfer
    from pbxbridge.services.users import Users
    from pbxbridge.services.voicemail.boxes import VoicemailBoxes
    from pbxbridge.services.voicemail.inbox import VoicemailInbox
    from pbxbridge.settings import WebSettings


@dataclass(frozen=True, slots=True)
class LiveTimes:
    """The rhythm of the live stream, all in seconds.

    ``ping`` keeps proxies from closing a quiet stream; ``session_check`` is how late a stream may
    end after its session did; ``gather`` is how long changes are collected into one message.
    """

    ping: float = 15.0
    session_check: float = 10.0
    gather: float = 0.1


@dataclass(frozen=True, slots=True)
class Portal:
    """Everything that pages reach for."""

    extensions: Extensions
    accounts: Accounts
    users: Users
    second_factor: SecondFactor
    password_reset: PasswordReset
    api_tokens: ApiTokens
    audit: AuditTrail
    overview: Overview
    board: Board
    bus: EventBus
    settings: WebSettings
    voicemail: VoicemailInbox
    boxes: VoicemailBoxes
    outbox: OutboxChanges
    mail_test: MailTest
    mail_server: MailServer
    transfer: Transfer
    imports: ImportDesk
    trunks: Trunks
    routes: Routes
    classes: ClassesOfService
    groups: PhoneGroups
    inbound: Inbound
    simulation: Simulation
    preview: Preview
    history: History
    calls: PhoneCalls
    invitations: Invitations
    claiming: Claiming
    desk_phones: DeskPhones
    phone_settings: PhoneSettings
    agents: Agents
    queues: Queues
    queue_board: QueueBoard
    agent_desk: AgentDesk
    wallboard: Wallboard
    call_log: CallLog
    live: LiveTimes = field(default_factory=LiveTimes)


@dataclass(frozen=True, slots=True)
class SignedInSession:
    """Whoever a request is from.

    ``token`` is what the browser's cookie holds; it is empty for a program with an API token, which
    no browser sends by itself, so that needs no CSRF token. ``read_only`` is such a token's scope.
    """

    token: str
    user_id: int
    login: str
    role: Role
    must_change_password: bool = False
    read_only: bool = False

    @property
    def by_cookie(self) -> bool:
        """Whether a browser sent the session by itself."""
        return bool(self.token)


PORTAL = web.AppKey("portal", Portal)
SESSION = web.RequestKey("session", SignedInSession)


def portal_of(request: web.Request) -> Portal:
    """Return what the portal was given."""
    return request.config_dict[PORTAL]


def actor_of(request: web.Request) -> Actor:
    """Return who asks, for the audit. Only for routes that refuse anonymous requests."""
    return Actor(login=request[SESSION].login, address=client_address(request))


def client_address(request: web.Request) -> str:
    """Return the address of who asks, for the audit and the sign-in limit."""
    forwarded = request.headers.getall("X-Forwarded-For", [])
    trusted = portal_of(request).settings.trusted_proxies
    return believed_address(request.remote or "", ",".join(forwarded), trusted)
