"""The whole of it: a bridge in this process, a real Asterisk, a real SMTP server."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from pydantic import SecretStr

from pbxbridge.events import EventBus
from pbxbridge.models.database import open_database
from pbxbridge.models.outbox import AsteriskNotice
from pbxbridge.phone_settings import PhoneSettings, SecretSettings
from pbxbridge.sealing import new_key
from pbxbridge.service import prepare, running
from pbxbridge.services.accounts import Accounts
from pbxbridge.services.actor import Actor
from pbxbridge.services.extension_input import parse_extension
from pbxbridge.services.extensions import Extensions
from pbxbridge.services.licences import Licences
from pbxbridge.settings import (
    AsteriskSettings,
    DatabaseSettings,
    LogSettings,
    Settings,
    SmtpSettings,
    VoicemailSettings,
    WebSettings,
)
from pbxbridge.site import site_of
from tests.rig.asterisk import AsteriskInstance, Store
from tests.rig.calling import Calling, calling_for
from tests.rig.databases import Databases, Engine, forget_statements, migrate_quickly
from tests.rig.mail_catcher import MailCatcher
from tests.rig.ports import free_ports
from tests.rig.postgres import PostgresServer
from tests.sip import Phone

TESTER = Actor("tester", "127.0.0.1")
# As short as the settings allow: tests wait for what these seconds lead to.
QUALIFY_SECONDS = 1
RING_SECONDS = 5
TOLD_SECONDS = 15
SPEAKING_SECONDS = 3
SPEAKERS_HZ = 620


@dataclass
class System:
    """A running bridge and what it works with.

    ``server`` is that of the database, None with SQLite. ``extensions`` and ``calling`` are
    services on the same tables, which tell the bridge's ``bus`` what they do: told() waits until
    Asterisk knows.
    """

    settings: Settings
    asterisk: AsteriskInstance
    catcher: MailCatcher
    server: PostgresServer | None
    address: str
    admin_password: str
    extensions: Extensions
    calling: Calling
    bus: EventBus

    async def extension(self, number: str, name: str = "Somebody", **fields: object) -> None:
        """Create an extension."""
        wanted = {"number": number, "caller_id_name": name, **fields}
        await self.extensions.create(TESTER, parse_extension(wanted))

    async def phone(self, number: str) -> Phone:
        """Return the phone of an extension, neither started nor registered."""
        secret = await self.extensions.secret(TESTER, number)
        return Phone(number, secret, "127.0.0.1", self.asterisk.ports.sip)

    @asynccontextmanager
    async def registered(self, *numbers: str) -> AsyncIterator[list[Phone]]:
        """Run a registered phone for each of the extensions, for the length of the block."""
        phones = [await self.phone(number) for number in numbers]
        try:
            for phone in phones:
                await phone.start()
                assert await phone.register() == 200
            yield phones
        finally:
            for phone in phones:
                await phone.unregister()
                await phone.close()

    async def told(self) -> None:
        """Wait until Asterisk was told everything that it must know."""
        deadline = time.monotonic() + TOLD_SECONDS
        while waiting := await AsteriskNotice.all().values():
            assert time.monotonic() < deadline, f"Asterisk was not told: {waiting}"
            await asyncio.sleep(0.05)


async def leave_message(caller: Phone, number: str) -> None:
    """Have a caller speak to the mailbox of an extension that does not answer."""
    call = await caller.call(number)
    await call.wait_answered(RING_SECONDS + 5)
    await call.send_dtmf("#")  # skips the greeting
    call.play_tone(SPEAKERS_HZ)
    # The caller's part, not a wait: this long the message is.
    await asyncio.sleep(SPEAKING_SECONDS)
    await call.hangup()


@asynccontextmanager
async def running_system(
    folder: Path,
    *,
    start_asterisk: bool = True,
    verbose: int = 1,
    kind: type[AsteriskInstance] = AsteriskInstance,
    engine: Engine = "sqlite",
    databases: Databases | None = None,
    store: Store = "spool",
    can_link: bool = False,
) -> AsyncIterator[System]:
    """Run all of it in ``folder``, from an empty database, with an Asterisk of this ``kind``.

    A PostgreSQL is that of ``databases``, or one of its own. ``store`` is where voicemail is kept.
    With ``can_link`` the bridge knows its own address, so that mails can lead to it.
    """
    async with MailCatcher().listening() as catcher, AsyncExitStack() as stack:
        folder.mkdir(parents=True, exist_ok=True)
        forget_statements()
        database: Path | str = folder / "pbxbridge.sqlite3"
        server: PostgresServer | None = None
        if isinstance(database, Path) and engine == "sqlite":
            await migrate_quickly(database)
        else:
            if databases is None:
                databases = Databases(folder)
                stack.push_async_callback(databases.stop)
            server = await databases.server()
            migrated = await databases.template(engine)
            database = await stack.enter_async_context(databases.copy(migrated))
        asterisk = kind(folder / "asterisk", database, verbose=verbose, store=store)
        settings = settings_for(
            asterisk,
            catcher,
            qualify_seconds=QUALIFY_SECONDS,
            ring_seconds=RING_SECONDS,
            web=_web_settings() if can_link else WebSettings(port=0),
        )
        await prepare(settings)
        async with open_database(settings.database.url.get_secret_value()):
            accounts = Accounts(idle=timedelta(hours=1), longest=timedelta(hours=1))
            password = await accounts.create_admin("admin")
        if start_asterisk:
            await asterisk.start()
        try:
            bus = EventBus()
            async with running(settings, bus) as address:
                site = site_of(settings)
                yield System(
                    settings,
                    asterisk,
                    catcher,
                    server,
                    address,
                    password,
                    Extensions(bus, site, Licences(None)),
                    calling_for(bus, site),
                    bus,
                )
        finally:
            await asterisk.stop()


def _web_settings() -> WebSettings:
    [port] = free_ports(1)
    return WebSettings(port=port, public_url=f"http://127.0.0.1:{port}")


def settings_for(
    asterisk: AsteriskInstance,
    catcher: MailCatcher,
    *,
    qualify_seconds: int,
    ring_seconds: int,
    web: WebSettings,
    key: str = "",
) -> Settings:
    """Return the settings of a bridge for these, with a ``key`` of its own or the one given."""
    return Settings(
        database=DatabaseSettings(url=SecretStr(asterisk.database_url)),
        asterisk=AsteriskSettings(
            ami_port=asterisk.ports.ami,
            ami_secret=SecretStr(asterisk.ami_secret),
            ari_url=asterisk.ari_url,
            ari_secret=SecretStr(asterisk.ari_secret),
            qualify_frequency=qualify_seconds,
            ring_time=ring_seconds,
            sorcery_cache=asterisk.sorcery_cache,
        ),
        smtp=SmtpSettings(host=catcher.host, port=catcher.port, sender="voicemail@pbx.local"),
        web=web,
        voicemail=VoicemailSettings(spool=asterisk.voicemail, store=asterisk.store),
        phones=PhoneSettings(sip_host=asterisk.bind, sip_port=asterisk.ports.sip),
        secrets=SecretSettings(keys=SecretStr(key or new_key())),
        log=LogSettings(level="warning"),
    )
