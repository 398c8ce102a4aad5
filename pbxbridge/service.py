"""The composition root: settings in, a running bridge out. The only module that sees everything."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Collection, Coroutine
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from functools import partial

import structlog
from aiohttp import web as aiohttp_web

from ami_handlers import HANDLERS
from pbxbridge.asterisk.ami import AmiLink
from pbxbridge.asterisk.mailbox_actions import MailboxActions
from pbxbridge.asterisk.notices import tell
from pbxbridge.errors import AsteriskUnavailable
from pbxbridge.events import (
    Event,
    EventBus,
    ExtensionDeleted,
    ExtensionSaved,
    MailboxChanged,
    Overflowed,
    Technology,
    TrunksChanged,
)
from pbxbridge.mail.sender import SmtpSender
from pbxbridge.mirror.mirror import Mirror
from pbxbridge.models.database import migrate, open_database
from pbxbridge.models.outbox import NoticeKind
from pbxbridge.realtime.rows import MAILBOX_CONTEXT
from pbxbridge.services.accounts import Accounts
from pbxbridge.services.api_tokens import ApiTokens
from pbxbridge.services.asterisk_outbox import AsteriskOutbox
from pbxbridge.services.audit_trail import AuditTrail
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
from pbxbridge.services.keep_trying import until_stored
from pbxbridge.services.licences import Licences, count_licences
from pbxbridge.services.mail_outbox import MailOutbox
from pbxbridge.services.mailbox_removal import remove_mailbox
from pbxbridge.services.overview import Overview
from pbxbridge.services.password_check import PasswordCheck
from pbxbridge.services.password_reset import PasswordReset
from pbxbridge.services.second_factor import SecondFactor
from pbxbridge.services.transfer.desk import ImportDesk
from pbxbridge.services.transfer.transfer import Transfer
from pbxbridge.services.users import Users
from pbxbridge.services.voicemail_inbox import VoicemailInbox
from pbxbridge.services.voicemail_relay import VoicemailRelay
from pbxbridge.services.voicemail_spool import VoicemailSpool
from pbxbridge.settings import Settings
from web.app import Portal, make_app

log = structlog.get_logger(__name__)


async def prepare(settings: Settings) -> None:
    """Bring the database up to date and put into it what is built in."""
    url = settings.database.url.get_secret_value()
    await migrate(url)
    async with open_database(url):
        await _complete(settings)


async def serve(settings: Settings) -> None:
    """Run the bridge until SIGINT or SIGTERM."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with running(settings) as address:
        log.info("service.started", portal=address)
        await stop.wait()
    log.info("service.stopped")


@asynccontextmanager
async def running(settings: Settings, bus: EventBus | None = None) -> AsyncIterator[str]:
    """Run the bridge for the length of the block; gives the portal's address.

    ``bus`` is for who brings services of their own, and wants the bridge to hear of what they do.

    Everything that runs is a named task of one group, so a failure of any of them ends the block
    instead of leaving half a bridge.
    """
    async with open_database(settings.database.url.get_secret_value()):
        await _complete(settings)
        bridge = _Bridge(settings, bus or EventBus())
        await bridge.begin()
        async with bridge.portal() as address, asyncio.TaskGroup() as tasks:
            own = [tasks.create_task(work, name=name) for name, work in bridge.background().items()]
            try:
                yield address
            finally:
                for task in own:
                    task.cancel()


async def _complete(settings: Settings) -> None:
    """Put into the open database what belongs to this release."""
    await ensure_built_in()
    await write_what_calls_use_now(_site(settings))
    await ensure_search_index()
    await count_licences()


def _site(settings: Settings) -> SiteDefaults:
    return SiteDefaults(settings.asterisk.qualify_frequency, settings.asterisk.ring_time)


class _Bridge:
    """The parts, wired by hand."""

    def __init__(self, settings: Settings, bus: EventBus) -> None:
        self._settings = settings
        node, web = settings.asterisk, settings.web
        self._bus = bus
        self._mirror = Mirror(self._bus)
        self._link = AmiLink(node, self._mirror, HANDLERS)
        self._spool = VoicemailSpool(settings.voicemail.spool)
        site = _site(settings)
        licences = Licences(settings.licence.extensions)
        self._extensions = Extensions(self._bus, site, licences, self._outside)
        self._transfer = Transfer(self._bus, site, licences)
        self._imports = ImportDesk(self._transfer)
        self._trunks = Trunks(self._bus, node.qualify_frequency)
        self._routes = Routes(self._bus)
        self._classes = ClassesOfService(self._bus)
        self._groups = PhoneGroups(self._bus, node.ring_time)
        self._inbound = Inbound(self._bus)
        self._preview = Preview(site, lambda number: self._mirror.state_of(number).takes_calls)
        self._followed_trunks: dict[str, bool] = {}
        check = PasswordCheck()
        self._accounts = Accounts(
            idle=timedelta(minutes=web.session_idle_minutes),
            longest=timedelta(hours=web.session_max_hours),
            check=check,
        )
        self._users = Users(check.passwords)
        self._second_factor = SecondFactor(check)
        self._password_reset = PasswordReset(self._bus, check, sender=settings.smtp.sender)
        self._api_tokens = ApiTokens()
        self._notices = AsteriskOutbox(self._bus, self._tell)
        self._relay = VoicemailRelay(
            self._bus,
            self._spool,
            sender=settings.smtp.sender,
            sweep_seconds=settings.voicemail.sweep_seconds,
        )
        self._voicemail = VoicemailInbox(
            self._spool, MailboxActions(self._link), self._relay.settled
        )
        self._console = ConsoleChanges(self._bus)
        self._mail = MailOutbox(self._bus, SmtpSender(settings.smtp).send)

    @asynccontextmanager
    async def portal(self) -> AsyncIterator[str]:
        """Serve the portal; gives its address with the port that it really has."""
        web = self._settings.web
        portal = Portal(
            extensions=self._extensions,
            accounts=self._accounts,
            users=self._users,
            second_factor=self._second_factor,
            password_reset=self._password_reset,
            api_tokens=self._api_tokens,
            audit=AuditTrail(self._extensions, self._users),
            overview=Overview(),
            mirror=self._mirror,
            bus=self._bus,
            settings=web,
            voicemail=self._voicemail,
            transfer=self._transfer,
            imports=self._imports,
            trunks=self._trunks,
            routes=self._routes,
            classes=self._classes,
            groups=self._groups,
            inbound=self._inbound,
            simulation=Simulation(),
            preview=self._preview,
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
            "ami-link": self._link.run(),
            "asterisk-outbox": self._notices.run(),
            "voicemail-relay": self._relay.run(),
            "mail-outbox": self._mail.run(),
            "password-reset": self._password_reset.run(),
            "imports": self._imports.run(),
            "mirror-follows-extensions": self._keep_following(),
            "console-changes": self._console.run(),
        }

    async def begin(self) -> None:
        """Read what is there before anything runs."""
        await self._console.begin()
        await self._follow_extensions()

    async def _follow_extensions(self) -> None:
        """Have the mirror track exactly the extensions there are."""
        self._followed_trunks = await self._trunks.monitored()
        self._mirror.track_all(
            {**await self._extensions.monitored(), **self._followed_trunks},
            await self._extensions.technologies(),
        )

    async def _follow_trunks(self) -> None:
        """Have the mirror track the trunks there are now; they are endpoints like any other."""
        before, self._followed_trunks = self._followed_trunks, await self._trunks.monitored()
        for name in before.keys() - self._followed_trunks.keys():
            self._mirror.untrack(name)
        for name, monitored in self._followed_trunks.items():
            self._mirror.track(name, monitored, Technology.PJSIP)

    async def _keep_following(self) -> None:
        with self._bus.subscribe() as events:
            async for event in events:
                try:
                    await self._follow(event)
                except Exception:
                    # A fault of ours at one event must not end the bridge.
                    log.exception("event.broke", kind=type(event).__name__)

    async def _follow(self, event: Event) -> None:
        match event:
            case MailboxChanged(number, context) if context == MAILBOX_CONTEXT:
                # Who leaves the voicemail menu may have changed the PIN there.
                await until_stored(partial(self._extensions.notice_pin, number))
            case ExtensionSaved(number, monitored, technology):
                self._mirror.track(number, monitored, technology)
            case ExtensionDeleted(number):
                self._mirror.untrack(number)
            case TrunksChanged():
                await until_stored(self._follow_trunks)
            case Overflowed():
                await until_stored(self._follow_extensions)

    async def _outside(self, numbers: Collection[str]) -> Outside:
        """Tell what a deletion of these extensions would break beyond the database."""
        registered = {number for number in numbers if self._mirror.state_of(number).ip}
        unheard = {}
        for number in numbers:
            with suppress(AsteriskUnavailable):
                unheard[number] = await self._voicemail.unheard(number)
        return Outside(registered, unheard)

    async def _tell(self, kind: NoticeKind, subject: str) -> None:
        if kind is NoticeKind.FORGET_MAILBOX:
            # Without waiting for Asterisk: a new extension of that number must not inherit.
            await remove_mailbox(self._spool, subject)
        await tell(self._link, kind, subject)
        if kind is NoticeKind.FORGET_CONTACTS:
            self._mirror.contacts_forgotten(subject)
