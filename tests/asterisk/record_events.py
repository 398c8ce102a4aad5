"""Records what a real Asterisk says of phones, for tests/unit/test_recorded_events.py.

    python -m tests.asterisk.record_events [sip two_contacts nat unmonitored restart iax2]

writes tests/unit/recorded/<name>.ami: every byte of the AMI stream, cut into steps by lines that
begin with `==`. Ports are numbered anew in the order in which they appear, so that two recordings
differ only where Asterisk does. It takes about three minutes; what Asterisk says after each step
goes into the table of the test.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pbxbridge.asterisk.notices import tell
from pbxbridge.events import EventBus
from pbxbridge.models.database import migrate, open_database
from pbxbridge.models.outbox import NoticeKind
from pbxbridge.models.realtime import PsAor
from pbxbridge.services.actor import Actor
from pbxbridge.services.calling.plan import ensure_built_in
from pbxbridge.services.extension_input import parse_extension
from pbxbridge.services.licences import count_licences
from tests.asterisk.raw_ami import RawAmi, raw_ami
from tests.rig.asterisk import AsteriskInstance
from tests.rig.extensions import extensions_on
from tests.rig.iax2_device import Iax2Device
from tests.sip import Phone

FOLDER = Path(__file__).resolve().parent.parent / "unit" / "recorded"
ADMIN = Actor("admin", "127.0.0.1")
# A device is asked every second here, and every 10 s by IAX2, and has some seconds to answer; an
# IAX2 registration lasts 60 s and 10 s of grace.
PATIENCE = 100.0
_PORT = re.compile(r"(?<=127\.0\.0\.1:)(\d+)|(?<=Port: )(\d+)")


@dataclass
class Recorder:
    """A real Asterisk and what it said, by step."""

    asterisk: AsteriskInstance
    ami: RawAmi
    steps: list[tuple[str, str]] = field(default_factory=list)

    async def step(self, name: str, *until: str) -> None:
        """Begin a step that ends when all of these texts were said since the last one."""
        said = await self.ami.said_until(until, PATIENCE)
        self.steps.append((name, said))
        print(f"  {name}", flush=True)

    async def lists(self, name: str) -> None:
        """Have both lists read as a step."""
        for action in ("PJSIPShowRegistrationInboundContactStatuses", "IAXpeerlist"):
            self.ami.send(Action=action, ActionID=action)
        await self.step(name, "ContactStatusDetailComplete", "PeerlistComplete")

    async def extension(self, number: str, **fields: object) -> str:
        """Create an extension whose phone is asked every second; return its secret."""
        wanted = {"number": number, "caller_id_name": "Somebody", **fields}
        extensions = extensions_on(EventBus(), qualify_frequency=1)
        return (await extensions.create(ADMIN, parse_extension(wanted)))[1]

    @asynccontextmanager
    async def phone(self, number: str, secret: str) -> AsyncIterator[Phone]:
        """A SIP phone that is not registered yet."""
        async with Phone(number, secret, "127.0.0.1", self.asterisk.ports.sip) as phone:
            yield phone

    async def forget(self, number: str) -> None:
        """End an AOR's registrations now, by the code that ends them after 60 s."""
        await tell(self.ami, NoticeKind.FORGET_CONTACTS, number)

    def text(self) -> str:
        """Return all steps, with their ports numbered."""
        numbered: dict[str, str] = {}

        def port(match: re.Match[str]) -> str:
            return numbered.setdefault(match[0], str(40001 + len(numbered)))

        whole = "".join(f"== {name}\n{said}" for name, said in self.steps)
        return _PORT.sub(port, whole)


async def sip(recorder: Recorder) -> None:
    """A monitored phone through everything that phones do."""
    secret = await recorder.extension("1001")
    await recorder.lists("connected")
    async with recorder.phone("1001", secret) as phone:
        await phone.register()
        await recorder.step("registered", "ContactStatus: Reachable")
        phone.go_silent()
        await recorder.step("silent", "ContactStatus: Unreachable")
        phone.speak_again()
        await recorder.step("answers again", "ContactStatus: Reachable")
        await phone.rebind()
        await recorder.step("moved to a new port", "ContactStatus: Reachable", "ContactStatus: Rem")
        await recorder.lists("both lists")
        await phone.unregister()
        await recorder.step("un-registered", "ContactStatus: Removed")
        await phone.register()
        await recorder.step("registered anew", "ContactStatus: Reachable")
        phone.go_silent()
        await recorder.step("silent once more", "ContactStatus: Unreachable")
        await recorder.forget("1001")
        await recorder.step("expired", "ContactStatus: Removed")


async def two_contacts(recorder: Recorder) -> None:
    """Two phones at one AOR, which ours allow no more; other people's rows may."""
    secret = await recorder.extension("1005")
    await PsAor.filter(id="1005").update(max_contacts=2, remove_existing="no")
    await recorder.lists("connected")
    async with recorder.phone("1005", secret) as phone, recorder.phone("1005", secret) as other:
        await phone.register()
        await recorder.step("registered", "ContactStatus: Reachable")
        await other.register()
        await recorder.step("a second phone", "ContactStatus: Reachable")
        other.go_silent()
        await recorder.step("the second is silent", "ContactStatus: Unreachable")
        other.speak_again()
        await recorder.step("the second answers", "ContactStatus: Reachable")
        await phone.unregister()
        await recorder.step("the first un-registered", "ContactStatus: Removed")
        await other.unregister()
        await recorder.step("both un-registered", "ContactStatus: Removed")


async def nat(recorder: Recorder) -> None:
    """A phone behind NAT: what it says is not where its packets come from."""
    secret = await recorder.extension("1006")
    await recorder.lists("connected")
    async with recorder.phone("1006", secret) as phone:
        phone.claim("10.0.0.3", 5060)
        await phone.register()
        await recorder.step("registered", "ContactStatus: Reachable")
        await recorder.lists("listed")


async def unmonitored(recorder: Recorder) -> None:
    """A phone that is not qualified: only lists tell of it."""
    secret = await recorder.extension("1002", monitored=False)
    await recorder.lists("connected")
    async with recorder.phone("1002", secret) as phone:
        await phone.register()
        await recorder.step("registered")
        await recorder.lists("listed")
        await phone.unregister()
        await recorder.step("un-registered")
        await recorder.lists("listed again")


async def restart(recorder: Recorder) -> None:
    """Asterisk is started anew while two phones are registered, of which one falls silent."""
    secrets = {number: await recorder.extension(number) for number in ("1003", "1004")}
    await recorder.lists("connected")
    async with (
        recorder.phone("1003", secrets["1003"]) as phone,
        recorder.phone("1004", secrets["1004"]) as other,
    ):
        await phone.register()
        await other.register()
        await recorder.step("registered", "AOR: 1003", "AOR: 1004", "ContactStatus: Reachable")
        await recorder.ami.close()
        other.go_silent()
        await asyncio.sleep(2)  # Asterisk writes its database once a second
        await recorder.asterisk.restart()
        await recorder.ami.connect()
        await recorder.lists("restarted")
        await recorder.step("probed", "ContactStatus: Unreachable")


async def iax2(recorder: Recorder) -> None:
    """An IAX2 device that registers, hangs, comes back, hangs again and expires."""
    secret = await recorder.extension("2001", device_type="IAX2")
    await tell(recorder.ami, NoticeKind.RELOAD_PEERS, "")
    await recorder.lists("connected")
    folder = recorder.asterisk.folder.parent / "device"
    device = Iax2Device(
        folder,
        folder / "none.sqlite3",
        number="2001",
        secret=secret,
        port=recorder.asterisk.ports.iax,
    )
    async with device:
        await recorder.step("registered", "PeerStatus: Registered")
        await asyncio.sleep(1)  # the first qualify is answered, of which no event tells
        await recorder.lists("listed")
        send_signal(device, signal.SIGSTOP)
        await recorder.step("silent", "PeerStatus: Unreachable")
        send_signal(device, signal.SIGCONT)
        await recorder.step("answers again", "PeerStatus: Reachable")
        send_signal(device, signal.SIGSTOP)
        await recorder.step("silent once more", "PeerStatus: Unreachable")
        await recorder.step("expired", "PeerStatus: Unregistered")
        await recorder.lists("listed without an address")
        await device.kill()


def send_signal(device: Iax2Device, number: int) -> None:
    """Have a device hang, or go on."""
    pid = (device.folder / "rig.pid").read_text(encoding="utf-8")
    os.kill(int(pid), number)


SCENES: dict[str, Callable[[Recorder], Awaitable[None]]] = {
    "sip": sip,
    "two_contacts": two_contacts,
    "nat": nat,
    "unmonitored": unmonitored,
    "restart": restart,
    "iax2": iax2,
}


async def record(name: str, folder: Path) -> str:
    """Run a scene on an Asterisk of its own and return what it said."""
    database = folder / "pbxbridge.sqlite3"
    await migrate(f"sqlite://{database}")
    async with open_database(f"sqlite://{database}"):
        await ensure_built_in()
        await count_licences()
        asterisk = AsteriskInstance(folder / "asterisk", database)
        async with asterisk, raw_ami(asterisk) as ami:
            recorder = Recorder(asterisk, ami)
            await SCENES[name](recorder)
            return recorder.text()


def main() -> None:
    """Record the scenes that are named, or all."""
    FOLDER.mkdir(exist_ok=True)
    for name in sys.argv[1:] or SCENES:
        print(name, flush=True)
        with tempfile.TemporaryDirectory(prefix="pbxbridge-record-") as folder:
            text = asyncio.run(record(name, Path(folder)))
        (FOLDER / f"{name}.ami").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
