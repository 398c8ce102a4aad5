"""IAX2 and DAHDI extensions on a real Asterisk; a second one is the IAX2 device."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import SecretStr

from ami_handlers import HANDLERS
from pbxbridge.asterisk.ami import AmiLink
from pbxbridge.asterisk.notices import forget_peer, reload_peers
from pbxbridge.events import EventBus, Technology
from pbxbridge.mirror.endpoint import EndpointState, Status
from pbxbridge.mirror.mirror import Mirror
from pbxbridge.models.database import open_database
from pbxbridge.models.outbox import AsteriskNotice
from pbxbridge.models.realtime import IaxFriend
from pbxbridge.services.actor import Actor
from pbxbridge.services.extension_input import parse_extension
from pbxbridge.services.extensions import Extensions
from pbxbridge.settings import NodeSettings
from tests.eventually import eventually
from tests.fakes.recording_watcher import RecordingWatcher
from tests.rig.asterisk import AsteriskInstance
from tests.rig.extensions import delete_knowingly, extensions_on
from tests.rig.iax2_device import Iax2Device
from tests.sip import Answer, Phone

ADMIN = Actor("admin", "127.0.0.1")
# A device is asked every 10 s, and has 8 s to answer.
SILENCE_SECONDS = 25.0
# After a refusal Asterisk tries again by itself only after minutes.
ANSWER_SECONDS = 10.0


@dataclass
class Pbx:
    """A real Asterisk, a link to it and the mirror behind that."""

    asterisk: AsteriskInstance
    bus: EventBus
    watcher: RecordingWatcher
    mirror: Mirror
    link: AmiLink
    extensions: Extensions

    async def extension(self, number: str, **fields: object) -> str:
        """Create an IAX2 extension, as the service and the outbox would; return its secret."""
        secret = await self.saved(number, device_type="IAX2", **fields)
        await reload_peers(self.link)
        self.mirror.track(number, bool(fields.get("monitored", True)), Technology.IAX2)
        return secret

    async def saved(self, number: str, **fields: object) -> str:
        """Create an extension and return its secret."""
        wanted = {"number": number, "caller_id_name": "Somebody", **fields}
        return (await self.extensions.create(ADMIN, parse_extension(wanted)))[1]

    async def delete(self, number: str) -> None:
        """Delete an IAX2 extension, as the service and the outbox would."""
        await delete_knowingly(self.extensions, ADMIN, number)
        self.mirror.untrack(number)
        await forget_peer(self.link, number)
        # There is no mailbox here to be removed.
        await AsteriskNotice.all().delete()

    @asynccontextmanager
    async def device(self, number: str, secret: str) -> AsyncIterator[Iax2Device]:
        """An IAX2 device of an extension, which tries to register."""
        folder = self.asterisk.folder.parent / f"device-{number}"
        device = Iax2Device(
            folder,
            folder / "none.sqlite3",
            number=number,
            secret=secret,
            port=self.asterisk.ports.iax,
        )
        async with device:
            yield device

    @asynccontextmanager
    async def phone(self, number: str) -> AsyncIterator[Phone]:
        """A registered SIP phone of a new extension."""
        secret = await self.saved(number)
        async with Phone(number, secret, "127.0.0.1", self.asterisk.ports.sip) as phone:
            assert await phone.register() == 200
            yield phone
            await phone.unregister()

    async def shows(
        self, number: str, status: Status, device: Iax2Device | None = None, *, within: float = 5.0
    ) -> EndpointState:
        """Wait until the extension has this status, at the device's address or at none."""
        address = device.address if device else ("", 0)

        def shown() -> bool:
            state = self.mirror.state_of(number)
            return (state.status, state.ip, state.port) == (status, *address)

        try:
            await eventually(shown, within)
        except AssertionError as error:
            error.add_note(f"wanted {status} at {address}, has {self.mirror.state_of(number)}")
            raise
        return self.mirror.state_of(number)


@pytest.fixture(scope="module")
async def pbx(tmp_path_factory: pytest.TempPathFactory, migrated_file: Path) -> AsyncIterator[Pbx]:
    folder = tmp_path_factory.mktemp("iax2")
    database = Path(shutil.copy(migrated_file, folder / "pbxbridge.sqlite3"))
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(open_database(f"sqlite://{database}"))
        asterisk = AsteriskInstance(folder / "asterisk", database)
        await stack.enter_async_context(asterisk)
        settings = NodeSettings(
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
        yield Pbx(asterisk, bus, watcher, mirror, link, extensions_on(bus, ring_time=10))


async def registration(device: Iax2Device, wanted: str) -> None:
    """Wait until the device thinks this of its registration."""
    deadline = time.monotonic() + ANSWER_SECONDS
    while (seen := await device.registration()) != wanted:
        assert time.monotonic() < deadline, f"wanted {wanted}, is {seen}"
        await asyncio.sleep(0.1)


async def test_a_device_registers_and_shows_where_it_is(pbx: Pbx) -> None:
    secret = await pbx.extension("2001")
    assert pbx.mirror.state_of("2001").status is Status.BLANK
    async with pbx.device("2001", secret) as device:
        state = await pbx.shows("2001", Status.OK, device)
        assert state.rtt_ms is not None
        assert 0 < state.rtt_ms < 2000


async def test_a_device_that_is_not_qualified_is_unmonitored_and_has_an_address(pbx: Pbx) -> None:
    secret = await pbx.extension("2002", monitored=False)
    async with pbx.device("2002", secret) as device:
        await pbx.shows("2002", Status.UNMONITORED, device)


async def test_calls_reach_the_device_and_come_from_it(pbx: Pbx) -> None:
    secret = await pbx.extension("2003", caller_id_name="Iris")
    async with pbx.phone("1003") as phone, pbx.device("2003", secret) as device:
        await pbx.shows("2003", Status.OK, device)
        call = await phone.call("2003")
        await call.wait_answered()
        call.play_tone(620)
        await call.wait_tone(620)
        await call.hangup()

        phone.on_incoming = Answer()
        await device.call("1003")
        incoming = await phone.wait_incoming()
        assert (incoming.caller_number, incoming.caller_name) == ("2003", "Iris")
        await incoming.wait_answered()
        await incoming.hangup()


async def test_a_wrong_secret_is_refused_and_shows_nothing(pbx: Pbx) -> None:
    await pbx.extension("2004")
    async with pbx.device("2004", "not-the-secret") as device:
        await registration(device, "Rejected")
        assert pbx.mirror.state_of("2004").status is Status.BLANK


async def test_a_changed_secret_holds_at_once_and_a_deleted_extension_is_refused_at_once(
    pbx: Pbx,
) -> None:
    old = await pbx.extension("2005")
    async with pbx.device("2005", old) as device:
        await pbx.shows("2005", Status.OK, device)
        new = await pbx.extensions.regenerate_secret(ADMIN, "2005")
        await reload_peers(pbx.link)
        await pbx.shows("2005", Status.OK, device)
        await device.register()
        await registration(device, "Rejected")
        await device.register(new)
        await registration(device, "Registered")
        await pbx.shows("2005", Status.OK, device)

        await pbx.delete("2005")
        await device.register()
        await registration(device, "Rejected")
        await pbx.extension("2005")
        await device.register()
        await registration(device, "Rejected")
        assert pbx.mirror.state_of("2005") == EndpointState("2005")
        assert "/2005" not in await pbx.asterisk.cli("database show IAX/Registry")


async def test_a_device_falls_silent_is_given_up_and_comes_back(pbx: Pbx) -> None:
    secret = await pbx.extension("2006")
    async with pbx.device("2006", secret) as device:
        await pbx.shows("2006", Status.OK, device)
        await device.kill()
        state = await pbx.shows("2006", Status.UNREACHABLE, device, within=SILENCE_SECONDS)
        assert state.last_seen is not None
        # What happens 70 s after the last registration, by the same code.
        await pbx.asterisk.cli("iax2 unregister 2006")
        await pbx.shows("2006", Status.UNKNOWN, device)
        await device.start()
        state = await pbx.shows("2006", Status.OK, device, within=SILENCE_SECONDS)
        assert state.last_seen is None


async def test_a_registration_that_ends_while_the_device_answers_leaves_nothing(pbx: Pbx) -> None:
    secret = await pbx.extension("2007")
    async with pbx.device("2007", secret) as device:
        await pbx.shows("2007", Status.OK, device)
        await pbx.asterisk.cli("iax2 unregister 2007")
        await pbx.shows("2007", Status.BLANK)


async def test_after_a_restart_of_asterisk_a_device_shows_before_it_registers_again(
    pbx: Pbx,
) -> None:
    secret = await pbx.extension("2008")
    async with pbx.device("2008", secret) as device:
        await pbx.shows("2008", Status.OK, device)
        await pbx.asterisk.restart()
        pbx.watcher.states.clear()
        await eventually(lambda: pbx.mirror.link.up, 15)
        await pbx.shows("2008", Status.OK, device)
        assert ("2008", Status.BLANK) not in pbx.watcher.statuses()


async def test_saving_other_extensions_does_not_touch_a_device(pbx: Pbx) -> None:
    secret = await pbx.extension("2009")
    async with pbx.device("2009", secret) as device:
        await pbx.shows("2009", Status.OK, device)
        pbx.watcher.states.clear()
        for _ in range(20):
            await reload_peers(pbx.link)
        await pbx.link.action("CoreStatus")
        # A look at the list that was under way may bring a newer round trip.
        assert {status for _, status in pbx.watcher.statuses()} <= {Status.OK}
        assert "OK (" in await pbx.asterisk.cli("iax2 show peers like 2009")


async def test_a_call_for_an_absent_dahdi_channel_goes_to_voicemail(pbx: Pbx) -> None:
    await pbx.saved(
        "3001", device_type="DAHDI", dahdi_channel="1", voicemail=True, voicemail_pin="8642"
    )
    pbx.mirror.track("3001", True, Technology.DAHDI)
    assert pbx.mirror.state_of("3001") == EndpointState("3001", Status.UNMONITORED)
    async with pbx.phone("1010") as phone:
        call = await phone.call("3001")
        await call.wait_answered()
        await call.hangup()


async def test_a_call_for_an_absent_dahdi_channel_without_voicemail_is_refused(pbx: Pbx) -> None:
    await pbx.saved("3002", device_type="DAHDI", dahdi_channel="2")
    async with pbx.phone("1011") as phone:
        call = await phone.call("3002")
        await call.wait_ended(5)
        assert call.status == 480


async def test_every_line_of_the_friends_file_comes_from_their_table(pbx: Pbx) -> None:
    await pbx.extension("2010")
    friend = await IaxFriend.get(name="2010")
    shown = await pbx.asterisk.cli("iax2 show peer 2010")
    for expected in (friend.context, friend.mailbox, "Somebody", "Yes", "10000ms"):
        assert expected in shown
