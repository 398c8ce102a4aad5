"""The AMI link of one Asterisk node: kept up for ever, its stream fed to the mirror in order.

A round is: connect, log in, wait until Asterisk is fully booted, take a snapshot of all contacts,
then follow events until the connection is lost. What was missed between two rounds is in the
second one's snapshot, since Asterisk replays nothing. More snapshots follow as long as there are
endpoints of which Asterisk sends no events (see Mirror).
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import NoReturn

import structlog

from pbxbridge.asterisk.ami_connection import AmiConnection, open_connection
from pbxbridge.asterisk.ami_login import LoginRefused, fully_booted, login
from pbxbridge.asterisk.ami_message import AmiResponse, event_name, first_line
from pbxbridge.asterisk.contact_snapshot import read_snapshot
from pbxbridge.asterisk.event_reader import EventReader
from pbxbridge.asterisk.follow_up import ask_user_agents, look_at_peers, qualify_unprobed
from pbxbridge.asterisk.pauses import Pauses
from pbxbridge.asterisk.telling import Telling
from pbxbridge.errors import AsteriskUnavailable
from pbxbridge.mirror.ami_event import Handler
from pbxbridge.mirror.mirror import Mirror
from pbxbridge.settings import NodeSettings
from pbxbridge.task_groups import first_of, raise_if_cancelled

# Enough for registrations, mailboxes and peers; `test` and `reporting` would flood us.
_EVENTS = "system,call"

# Snapshots keep Asterisk busy for at most a fiftieth of the time.
_SNAPSHOT_SHARE = 50

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class LinkTiming:
    """How patient the link is, all in seconds.

    A half-open connection is noticed after at most twice ``ping_every`` plus ``answer``.
    Reconnecting waits ``retry_first``, doubled each time up to ``retry_longest``, less up to half
    of it at random, so that several bridges do not knock at once. ``ask_gap`` spaces questions
    about single contacts, as thousands of them appear when Asterisk starts. ``peers_again`` is the
    least pause between lists of IAX2 peers; one of 1,000 takes 0.07 s.
    ``look_again`` is the least pause between snapshots; one of 1,000 contacts takes Asterisk
    0.15 s, and the pause is never shorter than fifty times that.
    """

    answer: float = 10.0
    boot: float = 60.0
    snapshot: float = 60.0
    look_again: float = 2.0
    ping_every: float = 10.0
    retry_first: float = 0.2
    retry_longest: float = 5.0
    ask_gap: float = 0.02
    peers_again: float = 0.25


class AmiLink:
    """Keeps the mirror fed from one Asterisk, and carries actions to it."""

    def __init__(
        self,
        settings: NodeSettings,
        mirror: Mirror,
        handlers: Mapping[str, Handler],
        timing: LinkTiming | None = None,
    ) -> None:
        self._settings = settings
        self._mirror = mirror
        self._handlers = {
            first_line(name): EventReader(handler) for name, handler in handlers.items()
        }
        self._timing = timing or LinkTiming()
        self._connection: AmiConnection | None = None
        self._telling = Telling(mirror)
        self._said: set[type[AsteriskUnavailable]] = set()

    async def run(self) -> NoReturn:
        """Keep the link up until cancelled."""
        try:
            await self._rounds()
        finally:
            self._telling.stop()
            self._mirror.link_down("pbxbridge has stopped listening to Asterisk.")

    async def _rounds(self) -> NoReturn:
        pauses = Pauses(self._timing.retry_first, self._timing.retry_longest)
        while True:
            try:
                await self._round()
            except* AsteriskUnavailable as lost:
                if self._mirror.link.up:
                    pauses.begin_anew()
                self._down(first_of(lost))
            raise_if_cancelled()
            await asyncio.sleep(pauses.next())

    async def action(self, name: str, /, **fields: str) -> AmiResponse:
        """Have Asterisk do something and return its answer, whatever that says.

        List actions return their items. Nothing is ever sent twice. Raises AsteriskUnavailable
        when the link is down or no answer comes in time, ValueError for a line break in a field.
        """
        if self._connection is None:
            raise AsteriskUnavailable(self._mirror.link.reason)
        return await self._connection.action(name, **fields)

    async def _round(self) -> None:
        settings, timing = self._settings, self._timing
        async with open_connection(settings.host, settings.ami_port, timing.answer) as connection:
            await login(connection, settings, events=_EVENTS)
            try:
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._keep_alive(connection), name="ami-keep-alive")
                    for name, work in self._follow_ups(connection).items():
                        tasks.create_task(work, name=name)
                    await self._follow(connection)
            finally:
                self._connection = None

    async def _follow(self, connection: AmiConnection) -> NoReturn:
        await fully_booted(connection, self._timing.boot)
        pause = await self._take_snapshot(connection)
        self._up(connection)
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    while True:
                        self._handle(await connection.next_messages())
                        self._telling.soon()
            if self._mirror.wants_snapshot():
                pause = await self._take_snapshot(connection)

    async def _take_snapshot(self, connection: AmiConnection) -> float:
        """Return the seconds to wait before the next one."""
        clock = asyncio.get_running_loop().time
        started = clock()
        await read_snapshot(connection, self._mirror, self._handle, self._timing.snapshot)
        return max(self._timing.look_again, _SNAPSHOT_SHARE * (clock() - started))

    async def _keep_alive(self, connection: AmiConnection) -> NoReturn:
        """Have a silent Asterisk show that it is there.

        One that talks is not asked: its answer would wait behind a long list.
        """
        while True:
            await asyncio.sleep(self._timing.ping_every)
            if connection.silence >= self._timing.ping_every:
                await connection.action("Ping")

    def _follow_ups(self, connection: AmiConnection) -> dict[str, Coroutine[None, None, NoReturn]]:
        mirror, timing = self._mirror, self._timing
        return {
            "ami-qualify": qualify_unprobed(connection, mirror.questions, timing.ask_gap),
            "ami-user-agents": ask_user_agents(connection, mirror, timing.ask_gap),
            "ami-peers": look_at_peers(connection, mirror.questions, timing.peers_again),
        }

    def _handle(self, messages: Iterable[str]) -> None:
        """Call the handlers of events that have one; the others are not even taken apart."""
        handlers, mirror = self._handlers, self._mirror
        for message in messages:
            reader = handlers.get(message.partition("\r\n")[0])
            if reader is not None:
                try:
                    reader.handle(message, mirror)
                except Exception:
                    log.exception("ami.handler_failed", ami_event=event_name(message))

    def _up(self, connection: AmiConnection) -> None:
        self._connection = connection
        self._said.clear()
        self._mirror.link_up()
        log.info("ami.connected", host=self._settings.host, port=self._settings.ami_port)

    def _down(self, why: AsteriskUnavailable) -> None:
        """Tell the loss once, and once more if it turns out that the login is refused."""
        if not self._said or (isinstance(why, LoginRefused) and LoginRefused not in self._said):
            event = "ami.refused" if isinstance(why, LoginRefused) else "ami.lost"
            log.warning(event, host=self._settings.host, reason=str(why))
        self._said.add(type(why))
        self._mirror.link_down(str(why))
