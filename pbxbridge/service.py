"""The composition root: settings in, a running bridge out. The only module that sees everything."""

from __future__ import annotations

import asyncio
import gc
import signal
from collections.abc import AsyncIterator, Collection, Coroutine
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial

import structlog
from aiohttp import web as aiohttp_web

from ami_handlers import HANDLERS
from pbxbridge.call_centre_parts import CallCentreParts
from pbxbridge.cluster.lease import Leases, OnlyBridge, PostgresLeases, Work
from pbxbridge.cluster.news import News
from pbxbridge.cluster.news_triggers import ensure_news_triggers
from pbxbridge.errors import Superseded
from pbxbridge.events import EventBus
from pbxbridge.mirror.board import Board
from pbxbridge.models.database import migrate, open_database
from pbxbridge.models.postgres import is_postgres
from pbxbridge.nodes.links import NodeLinks
from pbxbridge.nodes.runner import NodeParts, listen_to
from pbxbridge.nodes.tracking import Tracking
from pbxbridge.phone_parts import PhoneParts
from pbxbridge.phones.makes import Makes
from pbxbridge.services.accounts import Accounts
from pbxbridge.services.api_tokens import ApiTokens
from pbxbridge.services.audit_trail import AuditTrail
from pbxbridge.services.call_centre.queue_rows import ensure_pause_reasons
from pbxbridge.services.calling.classes import ClassesOfService
from pbxbridge.services.calling.groups import PhoneGroups
from pbxbridge.services.calling.inbound import Inbound
from pbxbridge.services.calling.plan import ensure_built_in
from pbxbridge.services.calling.preview import Preview
from pbxbridge.services.calling.routes import Routes
from pbxbridge.services.calling.simulation import Simulation
from pbxbridge.services.calling.trunks import Trunks
from pbxbridge.services.calling.upgrade import write_what_calls_use_now
from pbxbridge.services.console_changes import ConsoleChanges
from pbxbridge.services.extension_removal import Outside
from pbxbridge.services.extension_search import ensure_search_index
from pbxbridge.services.extension_store import SiteDefaults
from pbxbridge.services.extensions import Extensions
from pbxbridge.services.licences import Licences, count_licences
from pbxbridge.services.mailing.mail_test import MailTest
from pbxbridge.services.mailing.outbox_changes import OutboxChanges
from pbxbridge.services.mailing.server_health import MailServer
from pbxbridge.services.nodes import ensure_nodes, keep_nodes
from pbxbridge.services.overview import Overview
from pbxbridge.services.password_check import PasswordCheck
from pbxbridge.services.password_reset import PasswordReset
from pbxbridge.services.pins_by_phone import PinsByPhone
from pbxbridge.services.second_factor import SecondFactor
from pbxbridge.services.secrets_at_rest import store_secrets_as_wanted
from pbxbridge.services.states.alerts import Alerts
from pbxbridge.services.states.history import History
from pbxbridge.services.states.node_states import ALONE_SECONDS, HEARTBEAT_SECONDS
from pbxbridge.services.states.other_nodes import OtherNodes
from pbxbridge.services.states.phones_down import follow_phones_down
from pbxbridge.services.states.pruning import Pruning
from pbxbridge.services.states.webhook_outbox import WebhookOutbox
from pbxbridge.services.states.webhooks import Webhooks, drop_webhooks
from pbxbridge.services.transfer.desk import ImportDesk
from pbxbridge.services.transfer.transfer import Transfer
from pbxbridge.services.users import Users
from pbxbridge.services.voicemail.boxes import VoicemailBoxes
from pbxbridge.services.voicemail.removal import remove_mailbox
from pbxbridge.settings import Settings
from pbxbridge.site import limits_of, site_of
from pbxbridge.task_groups import first_of
from pbxbridge.voicemail_parts import VoicemailParts
from pbxbridge.webhook_sender import WebhookSender
from web.app import Portal, make_app

log = structlog.get_logger(__name__)


async def prepare(settings: Settings) -> None:
    """Bring the database up to date and put into it what is built in."""
    url = settings.database.url.get_secret_value()
    await migrate(url)
    async with open_database(url):
        await _complete(settings, site_of(settings))


async def serve(settings: Settings) -> None:
    """Run the bridge until SIGINT or SIGTERM."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    try:
        async with running(settings) as address:
            # What is there by now stays. To look through all of it for garbage again and again, as
            # Python does in a storm, would hold up the event loop.
            gc.collect()
            gc.freeze()
            log.info("service.started", portal=address)
            await stop.wait()
    except BaseExceptionGroup as group:
        if superseded := group.subgroup(Superseded):
            raise first_of(superseded) from None
        raise
    log.info("service.stopped")


@asynccontextmanager
async def running(settings: Settings, bus: EventBus | None = None) -> AsyncIterator[str]:
    """Run the bridge for the length of the block; gives the portal's address.

    ``bus`` is for who brings services of their own, and wants the bridge to hear of what they do.

    Everything that runs is a named task of one group, so a failure of any of them ends the block
    instead of leaving half a bridge.
    """
    async with open_database(settings.database.url.get_secret_value()):
        makes = Makes(settings.phones.makes)
        site = site_of(settings, makes)
        await _complete(settings, site)
        await ensure_nodes(settings.by_node(), is_only_bridge=not _is_shared(settings))
        bridge = _Bridge(settings, bus or EventBus(), site, makes)
        await bridge.begin()
        async with bridge.portal() as address, asyncio.TaskGroup() as tasks:
            own = [tasks.create_task(work, name=name) for name, work in bridge.background().items()]
            try:
                yield address
            finally:
                for task in own:
                    task.cancel()


async def _complete(settings: Settings, site: SiteDefaults) -> None:
    """Put into the open database what belongs to this release and these settings."""
    await ensure_news_triggers()
    await ensure_built_in()
    await store_secrets_as_wanted(site)
    await write_what_calls_use_now(site)
    await ensure_search_index()
    await count_licences()
    await ensure_pause_reasons(settings.call_centre.pause_reasons)
    if not (settings.webhook.url.get_secret_value() or _is_shared(settings)):
        await drop_webhooks()


def _is_shared(settings: Settings) -> bool:
    """Tell whether other bridges may work on the same database."""
    return is_postgres(settings.database.url.get_secret_value())


class _Bridge:
    """The parts, wired by hand."""

    def __init__(self, settings: Settings, bus: EventBus, site: SiteDefaults, makes: Makes) -> None:
        self._settings = settings
        self._bus = bus
        self._site = site
        url, nodes = settings.database.url.get_secret_value(), settings.by_node()
        self._is_shared = _is_shared(settings)
        self._leases: Leases = PostgresLeases(url) if self._is_shared else OnlyBridge()
        self._news = News(url, bus)
        self._board = Board(bus, nodes, self._news.tell_mailbox)
        self._links = NodeLinks(nodes)
        licences = Licences(settings.licence.extensions)
        self._extensions = Extensions(bus, site, licences, self._outside)
        self._transfer = Transfer(bus, site, licences)
        self._imports = ImportDesk(self._transfer)
        self._trunks = Trunks(bus, site)
        self._tracking = Tracking(bus, self._board, self._extensions, self._trunks)
        followed = self._tracking.followed
        self._others = OtherNodes(bus, self._board, self._links.own, followed)
        self._check = PasswordCheck()
        self._password_reset = PasswordReset(bus, self._check, sender=settings.smtp.sender)
        acting = self._links.to(settings.voicemail.node)
        self._voicemail = VoicemailParts(settings, bus, acting)
        self._phones = PhoneParts(
            settings, bus, self._board, self._links, self._extensions, site.secrets, makes
        )
        self._call_centre = CallCentreParts(settings, bus, self._board, self._links)
        self._console = ConsoleChanges(bus)
        hook = settings.webhook
        self._webhooks = Webhooks(hook.events if hook.url.get_secret_value() else ())
        self._history = History(timedelta(days=settings.history.keep_days))

    @asynccontextmanager
    async def portal(self) -> AsyncIterator[str]:
        """Serve the portal; gives its address with the port that it really has."""
        web, bus, ring_time = self._settings.web, self._bus, self._settings.asterisk.ring_time
        users = Users(self._check.passwords)
        portal = Portal(
            extensions=self._extensions,
            accounts=Accounts(
                idle=timedelta(minutes=web.session_idle_minutes),
                longest=timedelta(hours=web.session_max_hours),
                check=self._check,
            ),
            users=users,
            second_factor=SecondFactor(self._check),
            password_reset=self._password_reset,
            api_tokens=ApiTokens(),
            audit=AuditTrail(self._extensions, users),
            overview=Overview(),
            board=self._board,
            bus=bus,
            settings=web,
            voicemail=self._voicemail.inbox,
            boxes=VoicemailBoxes(self._voicemail.messages),
            outbox=OutboxChanges(bus),
            mail_test=MailTest(bus, sender=self._settings.smtp.sender),
            mail_server=MailServer(self._settings.smtp, self._voicemail.sender.probe),
            transfer=self._transfer,
            imports=self._imports,
            trunks=self._trunks,
            routes=Routes(bus),
            classes=ClassesOfService(bus),
            groups=PhoneGroups(bus, ring_time),
            inbound=Inbound(bus),
            simulation=Simulation(),
            preview=Preview(self._site, self._takes_calls),
            history=self._history,
            calls=self._phones.calls,
            desk_phones=self._phones.desk_phones,
            phone_settings=self._settings.phones,
            invitations=self._phones.invitations,
            claiming=self._phones.claiming,
            agents=self._call_centre.agents,
            queues=self._call_centre.queues,
            queue_board=self._call_centre.queue_board,
            agent_desk=self._call_centre.desk,
            wallboard=self._call_centre.wallboard,
            call_log=self._call_centre.log,
        )
        runner = aiohttp_web.AppRunner(make_app(portal), access_log=None)
        await runner.setup()
        try:
            await aiohttp_web.TCPSite(runner, web.host, web.port).start()
            host, port = runner.addresses[0][:2]
            yield f"http://{host}:{port}/"
        finally:
            await runner.cleanup()

    def background(self) -> dict[str, Coroutine[None, None, None]]:
        """Return what runs beside the portal, by task name."""
        return {
            "voicemail-relay": self._voicemail.relay.run(),
            "password-reset": self._password_reset.run(),
            "imports": self._imports.run(),
            "tracking": self._tracking.run(),
            "pins-by-phone": PinsByPhone(self._bus, self._extensions).run(),
            **self._phones.background(),
            **self._call_centre.background(),
            **self._of_one_bridge(),
            **self._among_bridges(),
        }

    async def begin(self) -> None:
        """Read what is there before anything runs."""
        await self._console.begin()
        await self._tracking.begin()
        await self._others.read()

    def _of_one_bridge(self) -> dict[str, Coroutine[None, None, None]]:
        """Return what only one of all bridges may do at a time."""
        parts = NodeParts(
            bus=self._bus,
            board=self._board,
            tracking=self._tracking,
            links=self._links,
            handlers=HANDLERS,
            followers=(follow_phones_down, self._webhooks.states),
            queues=self._call_centre.telling,
            remove_mailbox=partial(remove_mailbox, self._voicemail.mailed),
            heartbeat_seconds=HEARTBEAT_SECONDS if self._is_shared else ALONE_SECONDS,
        )
        work: dict[str, Work] = {
            f"node-{name}": partial(listen_to, name, node, parts)
            for name, node in self._settings.by_node().items()
        }
        work["mail-outbox"] = self._voicemail.send_mails
        work["alerts"] = Alerts(self._bus, limits_of(self._settings.alerts), self._webhooks).run
        work |= self._call_centre.of_one_bridge()
        work["history-pruning"] = Pruning(self._history.keep).run
        if self._settings.webhook.url.get_secret_value():
            send = WebhookSender(self._settings.webhook).send
            work["webhook-outbox"] = WebhookOutbox(self._bus, send).run
        return {name: self._leases.while_held(name, each) for name, each in work.items()}

    def _among_bridges(self) -> dict[str, Coroutine[None, None, None]]:
        """Return what tells this bridge of changes by others, the command line among them."""
        if self._is_shared:
            return {
                "news": self._news.run(),
                "other-nodes": self._others.run(),
                "nodes": keep_nodes(self._settings.by_node()),
            }
        return {"console-changes": self._console.run()}

    async def _outside(self, numbers: Collection[str]) -> Outside:
        """Tell what a deletion of these extensions would break beyond the database."""
        unheard = await self._voicemail.unheard(numbers)
        registered = {number for number in numbers if self._board.state_of(number).ip}
        return Outside(registered, unheard, self._call_centre.agents_at(numbers))

    def _takes_calls(self, number: str) -> bool:
        return self._board.state_of(number).takes_calls
