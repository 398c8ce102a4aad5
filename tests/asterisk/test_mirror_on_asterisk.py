"""The mirror behind a real Asterisk: what phones do, and what the Extensions screen then shows."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from ami_handlers import HANDLERS
from pbxbridge.asterisk.ami import AmiLink
from pbxbridge.asterisk.ari import asterisk_version
from pbxbridge.asterisk.notices import tell
from pbxbridge.errors import AsteriskUnavailable
from pbxbridge.events import EventBus
from pbxbridge.mirror.endpoint import EndpointState, Status
from pbxbridge.mirror.mirror import Mirror
from pbxbridge.models.database import open_database
from pbxbridge.models.outbox import AsteriskNotice, NoticeKind
from pbxbridge.services.actor import Actor
from pbxbridge.services.extension_input import parse_extension
from pbxbridge.settings import AsteriskSettings
from tests.eventually import PATIENCE_SECONDS, eventually
from tests.fakes.recording_watcher import RecordingWatcher
from tests.rig.asterisk import AsteriskInstance
from tests.rig.extensions import delete_knowingly, extensions_on
from tests.sip import Phone
from tests.sip.agent import USER_AGENT

ADMIN = Actor("admin", "127.0.0.1")
LIST = "PJSIPShowRegistrationInboundContactStatuses"
# Asterisk waits 3 s for an answer to OPTIONS, and looks for expired contacts every 5 s.
SILENCE_SECONDS = 15.0


@dataclass
class Pbx:
    """A real Asterisk, a link to it and the mirror behind that."""

    asterisk: AsteriskInstance
    settings: AsteriskSettings
    bus: EventBus
    watcher: RecordingWatcher
    mirror: Mirror
    link: AmiLink

    async def extension(
        self, number: str, *, monitored: bool = True, qualify_frequency: int = 1, track: bool = True
    ) -> None:
        """Create an extension, tracked as the service would."""
        service = extensions_on(self.bus, qualify_frequency=qualify_frequency)
        wanted = {"number": number, "caller_id_name": "Somebody", "monitored": monitored}
        await service.create(ADMIN, parse_extension(wanted))
        if track:
            self.mirror.track(number, monitored)

    async def delete(self, number: str) -> None:
        """Delete an extension and have Asterisk forget it."""
        await delete_knowingly(extensions_on(self.bus), ADMIN, number)
        self.mirror.untrack(number)
        await tell(self.link, NoticeKind.FORGET_CONTACTS, number)
        self.mirror.contacts_forgotten(number)
        # As the outbox does once it has told; there is no mailbox here to be removed.
        await AsteriskNotice.all().delete()

    @asynccontextmanager
    async def phone(self, number: str) -> AsyncIterator[Phone]:
        """A registered phone of an extension."""
        service = extensions_on(self.bus, qualify_frequency=1)
        secret = await service.secret(ADMIN, number)
        async with Phone(number, secret, "127.0.0.1", self.asterisk.ports.sip) as phone:
            assert await phone.register() == 200
            yield phone

    async def shows(
        self,
        number: str,
        status: Status,
        phone: Phone | None = None,
        *,
        within: float = PATIENCE_SECONDS,
    ) -> EndpointState:
        """Wait until the extension has this status, at the phone's address or at none."""
        address = phone.address if phone else ("", 0)

        def shown() -> bool:
            state = self.mirror.state_of(number)
            return (state.status, state.ip, state.port) == (status, *address)

        try:
            await eventually(shown, within)
        except AssertionError as error:
            error.add_note(f"wanted {status} at {address}, has {self.mirror.state_of(number)}")
            raise
        return self.mirror.state_of(number)

    def on_disk(self) -> set[str]:
        """Return the AORs of the contacts that would survive a power cut.

        Asterisk commits its database once a second (main/db.c).
        """
        file = self.asterisk.folder / "lib" / "astdb.sqlite3"
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as astdb:
            keys = astdb.execute("SELECT key FROM astdb WHERE key LIKE '/registrar/contact/%'")
            return {key.split("/")[3].partition(";")[0] for (key,) in keys}

    async def forgot(self, aor: str) -> None:
        """Wait until Asterisk lists no contact of the AOR."""
        listed = {aor}
        async with asyncio.timeout(SILENCE_SECONDS):
            while aor in listed:
                listed = {item["AOR"] for item in (await self.link.action(LIST)).items}
                await asyncio.sleep(0.1)


@pytest.fixture(scope="module")
async def pbx(tmp_path_factory: pytest.TempPathFactory, migrated_file: Path) -> AsyncIterator[Pbx]:
    folder = tmp_path_factory.mktemp("mirror")
    database = Path(shutil.copy(migrated_file, folder / "pbxbridge.sqlite3"))
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(open_database(f"sqlite://{database}"))
        asterisk = AsteriskInstance(folder / "asterisk", database)
        await stack.enter_async_context(asterisk)
        settings = AsteriskSettings(
            ami_port=asterisk.ports.ami,
            ami_secret=SecretStr(asterisk.ami_secret),
            ari_url=asterisk.ari_url,
            ari_secret=SecretStr(asterisk.ari_secret),
        )
        bus, watcher = EventBus(), RecordingWatcher()
        mirror = Mirror("asterisk", watcher)
        link = AmiLink(settings, mirror, HANDLERS)
        run = asyncio.create_task(link.run(), name="ami-link")
        stack.push_async_callback(asyncio.wait, {run}, timeout=5)
        stack.callback(run.cancel)
        await eventually(lambda: mirror.link.up, 15)
        yield Pbx(asterisk, settings, bus, watcher, mirror, link)


async def test_a_phone_registers_moves_and_unregisters(pbx: Pbx) -> None:
    await pbx.extension("1001")
    async with pbx.phone("1001") as phone:
        state = await pbx.shows("1001", Status.OK, phone)
        assert state.rtt_ms is not None
        assert 0 < state.rtt_ms < 3000

        pbx.watcher.states.clear()
        assert await phone.rebind() == 200
        await pbx.shows("1001", Status.OK, phone)
        assert ("1001", Status.BLANK) not in pbx.watcher.statuses()

        assert await phone.unregister() == 200
        await pbx.shows("1001", Status.BLANK)


async def test_a_phone_s_user_agent_is_shown_and_when_it_was_last_seen(pbx: Pbx) -> None:
    await pbx.extension("1010")
    await pbx.extension("1011", monitored=False)
    async with pbx.phone("1010") as phone, pbx.phone("1011") as other:
        await eventually(lambda: pbx.mirror.state_of("1010").user_agent == USER_AGENT)
        await pbx.shows("1011", Status.UNMONITORED, other)
        assert pbx.mirror.state_of("1011").user_agent == USER_AGENT
        assert pbx.mirror.state_of("1010").last_seen is None
        assert await phone.unregister() == 200
        state = await pbx.shows("1010", Status.BLANK)
        assert state.user_agent == ""
        assert state.last_seen is not None
        assert datetime.now(UTC) - state.last_seen < timedelta(seconds=SILENCE_SECONDS)


async def test_a_phone_that_is_not_qualified_is_unmonitored(pbx: Pbx) -> None:
    await pbx.extension("1002", monitored=False)
    async with pbx.phone("1002") as phone:
        await pbx.shows("1002", Status.UNMONITORED, phone)
        assert phone.options_seen == 0
        assert await phone.unregister() == 200
        await pbx.shows("1002", Status.BLANK)


async def test_a_phone_falls_silent_speaks_again_and_is_given_up(pbx: Pbx) -> None:
    await pbx.extension("1003")
    async with pbx.phone("1003") as phone:
        await pbx.shows("1003", Status.OK, phone)
        phone.go_silent()
        await pbx.shows("1003", Status.UNREACHABLE, phone, within=SILENCE_SECONDS)
        phone.speak_again()
        await pbx.shows("1003", Status.OK, phone, within=SILENCE_SECONDS)
        phone.go_silent()
        await pbx.shows("1003", Status.UNREACHABLE, phone, within=SILENCE_SECONDS)
        # Asterisk's shortest registration is 60 s; this makes it end now, by the same code.
        await tell(pbx.link, NoticeKind.FORGET_CONTACTS, "1003")
        await pbx.shows("1003", Status.UNKNOWN, phone, within=SILENCE_SECONDS)
        phone.speak_again()
        assert await phone.register() == 200
        await pbx.shows("1003", Status.OK, phone)


async def test_a_phone_is_probed_at_once_though_qualify_is_rare(pbx: Pbx) -> None:
    await pbx.extension("1004", qualify_frequency=3600)
    async with pbx.phone("1004") as phone:
        await pbx.shows("1004", Status.OK, phone, within=2)


async def test_a_phone_that_registered_before_its_extension_was_tracked_shows_at_once(
    pbx: Pbx,
) -> None:
    await pbx.extension("1005", track=False)
    await pbx.extension("1006")
    async with pbx.phone("1005") as phone, pbx.phone("1006") as later:
        await pbx.shows("1006", Status.OK, later)
        assert pbx.mirror.state_of("1005").status is Status.BLANK
        pbx.mirror.track("1005", monitored=True)
        await pbx.shows("1005", Status.OK, phone)


async def test_a_killed_asterisk_leaves_old_states_and_comes_back_by_itself(pbx: Pbx) -> None:
    await pbx.extension("1007")
    await pbx.extension("1008", monitored=False)
    async with pbx.phone("1007") as phone, pbx.phone("1008") as other:
        await pbx.shows("1007", Status.OK, phone)
        await pbx.shows("1008", Status.UNMONITORED, other)
        await eventually(lambda: {"1007", "1008"} <= pbx.on_disk())
        await pbx.asterisk.kill()
        await eventually(lambda: not pbx.mirror.link.up)
        assert pbx.mirror.link.reason
        assert pbx.mirror.state_of("1007").status is Status.OK
        with pytest.raises(AsteriskUnavailable):
            await pbx.link.action("Ping")
        pbx.watcher.states.clear()
        await pbx.asterisk.start()
        await eventually(lambda: pbx.mirror.link.up, 15)
        await pbx.shows("1007", Status.OK, phone, within=SILENCE_SECONDS)
        await pbx.shows("1008", Status.UNMONITORED, other)
        assert ("1007", Status.BLANK) not in pbx.watcher.statuses()
        assert ("1008", Status.BLANK) not in pbx.watcher.statuses()


async def test_a_deleted_extension_s_phone_is_forgotten_by_asterisk_too(pbx: Pbx) -> None:
    await pbx.extension("1009")
    async with pbx.phone("1009") as phone:
        await pbx.shows("1009", Status.OK, phone)
        await pbx.delete("1009")
        await pbx.forgot("1009")
        await pbx.extension("1009")
        await pbx.shows("1009", Status.BLANK)
        seen = phone.options_seen
        async with pbx.phone("1009") as successor:
            await eventually(lambda: successor.options_seen >= 3, 10)
            await pbx.shows("1009", Status.OK, successor)
        assert phone.options_seen == seen


async def test_a_successor_shows_nothing_of_the_phone_before_it(pbx: Pbx) -> None:
    for number, status in (("1021", Status.UNREACHABLE), ("1022", Status.OK)):
        await pbx.extension(number)
        async with pbx.phone(number) as phone:
            await pbx.shows(number, Status.OK, phone)
            if status is Status.UNREACHABLE:
                phone.go_silent()
                await pbx.shows(number, status, phone, within=SILENCE_SECONDS)
            await pbx.delete(number)
            # At once, while Asterisk still lists the old contact.
            await pbx.extension(number)
            pbx.watcher.states.clear()
            await pbx.forgot(number)
            await pbx.shows(number, Status.BLANK)
            assert number not in dict(pbx.watcher.statuses())
            async with pbx.phone(number) as successor:
                await pbx.shows(number, Status.OK, successor)


@pytest.mark.parametrize(
    ("kind", "subject"),
    [
        (NoticeKind.RELOAD_DIALPLAN, ""),
        (NoticeKind.REFRESH_QUALIFY, "1001"),
        (NoticeKind.REFRESH_QUALIFY, "no-such-aor"),
        (NoticeKind.FORGET_CONTACTS, "no-such-aor"),
        (NoticeKind.FORGET_MAILBOX, "1001@default"),
        # Without a cache.
        (NoticeKind.EXPIRE_AUTH, "1001"),
        (NoticeKind.EXPIRE_CACHES, ""),
    ],
)
async def test_the_login_s_rights_suffice_for_every_notice(
    pbx: Pbx, kind: NoticeKind, subject: str
) -> None:
    await tell(pbx.link, kind, subject)


class TestAri:
    async def test_the_probe_returns_the_version(self, pbx: Pbx) -> None:
        major = (await asterisk_version(pbx.settings)).partition(".")[0]
        assert major.isdecimal()
        assert int(major) >= 20

    async def test_a_wrong_secret_is_told(self, pbx: Pbx) -> None:
        wrong = pbx.settings.model_copy(update={"ari_secret": SecretStr("wrong-secret")})
        with pytest.raises(AsteriskUnavailable, match="refused the ARI login of user pbxbridge"):
            await asterisk_version(wrong)

    async def test_nobody_there_is_told(self, pbx: Pbx) -> None:
        nobody = pbx.settings.model_copy(update={"ari_url": "http://127.0.0.1:9/"})
        with pytest.raises(AsteriskUnavailable, match="No ARI at"):
            await asterisk_version(nobody)
