"""The AMI link is cut again and again amid a storm, at any byte: the mirror is right each time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from random import Random

import pytest

from pbxbridge.mirror.endpoint import Status
from tests.ami.conftest import Rig
from tests.eventually import eventually
from tests.fakes.ami_server import Headers, contact_list, contact_status
from tests.rig.campaign import times

AORS = [str(number) for number in range(2000, 2040)]
LIST = "PJSIPShowRegistrationInboundContactStatuses"
SHOWN = {
    "Reachable": Status.OK,
    "Unreachable": Status.UNREACHABLE,
    "NonQualified": Status.UNKNOWN,
}
GARBAGE = b"\xff\xfe\r\n: \r\n\r\nEvent: ContactStatus\r\nAOR: 2001\r\n\r\n\0\r\n\r\nEvent: Contac"


@dataclass
class Phones:
    """Phones that register, move, fall silent and go, each at one place at most."""

    chance: Random
    at: dict[str, tuple[int, str]] = field(default_factory=dict)

    def storm(self, length: int) -> bytes:
        """Have so much happen; return what Asterisk says of it."""
        return b"".join(self._one(self.chance.choice(AORS)) for _ in range(length))

    def contacts(self) -> list[tuple[str, str, str]]:
        """Return what a list says now."""
        return [(aor, uri(aor, port), status) for aor, (port, status) in self.at.items()]

    def _one(self, aor: str) -> bytes:
        port, _ = self.at.get(aor, (0, ""))
        new = self.chance.choice(["Reachable", "Unreachable", "NonQualified", "Removed", "moves"])
        if not port or new == "moves":
            moved = self.chance.randrange(5000, 60000)
            self.at[aor] = moved, "Reachable"
            said = contact_status(aor, uri(aor, moved), "NonQualified")
            said += contact_status(aor, uri(aor, moved), "Reachable", 700)
            return said + (contact_status(aor, uri(aor, port), "Removed") if port else b"")
        if new == "Removed":
            del self.at[aor]
        else:
            self.at[aor] = port, new
        return contact_status(aor, uri(aor, port), new)


def uri(aor: str, port: int) -> str:
    return f"sip:{aor}@127.0.0.1:{port}"


class Cuts:
    """Ways in which a link is lost while things happen."""

    def __init__(self, rig: Rig, phones: Phones) -> None:
        self._server, self._rig, self._phones = rig.server, rig, phones

    def part_of(self, said: bytes) -> bytes:
        return said[: self._phones.chance.randrange(len(said))]

    async def amid_events(self) -> None:
        self._server.cut(self.part_of(self._phones.storm(300)))

    async def after_garbage(self) -> None:
        self._server.send(self._phones.storm(50))
        self._server.cut(GARBAGE)

    async def amid_the_list(self) -> None:
        """Cut, and once more while the list is read that follows."""

        def answer(action: Headers) -> bytes | None:
            before = self._phones.contacts()
            amid = self._phones.storm(40)
            self._server.cut(self.part_of(contact_list(action, before, between=amid)))
            del self._server.answers[LIST]
            return None

        self._server.answers[LIST] = answer
        self._server.cut()
        await eventually(lambda: LIST not in self._server.answers)

    async def half_open(self) -> None:
        """Nothing comes any more, and nobody says that the connection is gone."""
        self._server.hearing.clear()
        self._phones.storm(50)
        await self._rig.until_down()
        self._server.hearing.set()

    async def with_a_storm_in_the_list(self) -> None:
        """Cut; the list that follows has events amid its items and after its end."""

        def answer(action: Headers) -> bytes:
            before = self._phones.contacts()
            amid = self._phones.storm(60)
            del self._server.answers[LIST]
            return contact_list(action, before, between=amid) + self._phones.storm(20)

        self._server.answers[LIST] = answer
        self._server.cut()
        await eventually(lambda: LIST not in self._server.answers)

    def ways(self) -> list[Callable[[], Awaitable[None]]]:
        return [
            self.amid_events,
            self.after_garbage,
            self.amid_the_list,
            self.half_open,
            self.with_a_storm_in_the_list,
        ]


def wrong(rig: Rig, phones: Phones) -> list[str]:
    """Return what the mirror shows wrongly; of who has gone it may say that it was given up."""
    found = []
    for aor in AORS:
        state = rig.mirror.state_of(aor)
        if aor in phones.at:
            port, status = phones.at[aor]
            right = (state.status, state.port) == (SHOWN[status], port)
        else:
            right = state.status in {Status.BLANK, Status.UNKNOWN}
        if not right:
            found.append(f"{aor}: {phones.at.get(aor)} shown as {state.status} {state.port}")
    return found


def reconnected(rig: Rig, before: int) -> bool:
    return rig.server.connections > before


@pytest.mark.campaign
async def test_the_mirror_is_right_after_every_cut(rig: Rig) -> None:
    phones = Phones(Random(5))  # noqa: S311 - the same storm in every run
    cuts = Cuts(rig, phones)
    rig.server.listed = phones.contacts
    for aor in AORS:
        rig.mirror.track(aor, monitored=True)
    async with rig.link():
        for number in range(times(200, 12)):
            way = phones.chance.choice(cuts.ways()) if number >= 5 else cuts.ways()[number]
            rig.server.send(phones.storm(200))
            before = rig.server.connections
            await way()
            await eventually(partial(reconnected, rig, before))
            await rig.until_up()
            rig.server.send(phones.storm(20))
            try:
                await eventually(lambda: rig.mirror.link.up and not wrong(rig, phones))
            except AssertionError as error:
                error.add_note(f"cut {number}, {way.__name__}: {wrong(rig, phones)}")
                raise
