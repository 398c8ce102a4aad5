"""The AMI link by which a bridge follows the queues of one node, kept up for ever.

A round is: connect, log in, wait until Asterisk is fully booted, ask for events of queues alone,
list the queues (QueueStatus), then follow events until the connection is lost. Every bridge has a
link of its own to every node, so that each can show what happens without asking another.

Asterisk sends no event for a row that was changed in the tables, but a list reads them anew: so
``look_again`` after each change, and now and then in any case.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import NoReturn

import structlog

from pbxbridge.asterisk.ami_connection import AmiConnection, open_connection, within
from pbxbridge.asterisk.ami_login import fully_booted, login
from pbxbridge.asterisk.ami_message import action_id, event_name, first_line, headers_of
from pbxbridge.asterisk.event_reader import EventReader
from pbxbridge.asterisk.pauses import Pauses
from pbxbridge.errors import AsteriskUnavailable
from pbxbridge.mirror.ami_event import Handler
from pbxbridge.mirror.queue_feed import QueueFeed
from pbxbridge.settings import NodeSettings
from pbxbridge.task_groups import first_of, raise_if_cancelled

# `system` brings FullyBooted, and is not asked for any more after it.
_LOGIN_EVENTS, _EVENTS = "system,agent", "agent"
_LIST = "QueueStatus"
_LAST = "QueueStatusComplete"
_NO_QUEUES = "Invalid/unknown command"

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class QueueTiming:
    """How patient the link is, all in seconds.

    ``gather`` is how long changes are collected before they are told, ``list_every`` how often the
    queues are listed in any case, ``settle`` the wait before a list that was asked for, so that
    several changes are one. Others as LinkTiming has them (ami.py).
    """

    answer: float = 10.0
    boot: float = 60.0
    list: float = 30.0
    list_every: float = 30.0
    settle: float = 0.1
    ping_every: float = 10.0
    retry_first: float = 0.2
    retry_longest: float = 5.0
    gather: float = 0.05


class QueueLink:
    """Keeps the board fed from one Asterisk."""

    def __init__(  # noqa: PLR0913 - a node, whom to tell what of it, and how
        self,
        node: str,
        settings: NodeSettings,
        feed: QueueFeed,
        handlers: Mapping[str, Handler],
        tell: Callable[[], None],
        timing: QueueTiming | None = None,
    ) -> None:
        """``tell`` publishes what changed on the board."""
        self._node = node
        self._settings = settings
        self._feed = feed
        self._handlers = {
            first_line(name): EventReader(handler) for name, handler in handlers.items()
        }
        self._tell = tell
        self._timing = timing or QueueTiming()
        self._telling: asyncio.TimerHandle | None = None
        self._until_list: asyncio.Timeout | None = None
        self._is_list_wanted = False
        self._said = ""

    def look_again(self) -> None:
        """Have the queues listed again soon: their rows changed, of which Asterisk says nothing."""
        self._is_list_wanted = True
        if self._until_list is not None and not self._until_list.expired():
            soon = asyncio.get_running_loop().time() + self._timing.settle
            self._until_list.reschedule(min(soon, self._until_list.when() or soon))

    async def run(self) -> NoReturn:
        """Keep the link up until cancelled."""
        pauses = Pauses(self._timing.retry_first, self._timing.retry_longest)
        try:
            while True:
                try:
                    await self._round(pauses)
                except* AsteriskUnavailable as lost:
                    self._down(str(first_of(lost)))
                raise_if_cancelled()
                await asyncio.sleep(pauses.next())
        finally:
            if self._telling is not None:
                self._telling.cancel()

    async def _round(self, pauses: Pauses) -> None:
        settings, timing = self._settings, self._timing
        async with open_connection(settings.host, settings.ami_port, timing.answer) as connection:
            await login(connection, settings, events=_LOGIN_EVENTS)
            await fully_booted(connection, timing.boot)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._keep_alive(connection), name="queue-link-keep-alive")
                await self._only_queues(connection)
                await self._list(connection)
                pauses.begin_anew()
                self._up()
                await self._follow(connection)

    async def _only_queues(self, connection: AmiConnection) -> None:
        answer = await connection.action("Events", EventMask=_EVENTS)
        if not answer.success:
            raise AsteriskUnavailable(f"Asterisk sends no events of queues: {answer.message}.")

    async def _follow(self, connection: AmiConnection) -> NoReturn:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._timing.list_every) as until:
                    self._until_list = until
                    try:
                        if self._is_list_wanted:
                            self.look_again()
                        while True:
                            self._handle(await connection.next_messages())
                    finally:
                        self._until_list = None
            await self._list(connection)

    async def _list(self, connection: AmiConnection) -> None:
        """Read the queues, and all that comes in between. Raises AsteriskUnavailable."""
        self._is_list_wanted = False
        asked, complete = connection.send(_LIST), False
        self._feed.list_begins()
        async with within(self._timing.list, "Asterisk did not finish the list of queues."):
            while not complete:
                for message in await connection.next_messages():
                    if action_id(message) == asked and not event_name(message):
                        _require(headers_of(message))
                    complete |= action_id(message) == asked and event_name(message) == _LAST
                    self._handle([message])
        self._feed.list_ends()
        self._soon()

    async def _keep_alive(self, connection: AmiConnection) -> NoReturn:
        while True:
            await asyncio.sleep(self._timing.ping_every)
            if connection.silence >= self._timing.ping_every:
                await connection.action("Ping")

    def _handle(self, messages: Iterable[str]) -> None:
        for message in messages:
            if (reader := self._handlers.get(message.partition("\r\n")[0])) is not None:
                try:
                    reader.handle(message, self._feed)
                except Exception:
                    log.exception("queues.handler_failed", ami_event=event_name(message))
                self._soon()

    def _soon(self) -> None:
        if self._telling is None:
            loop = asyncio.get_running_loop()
            self._telling = loop.call_later(self._timing.gather, self._tell_now)

    def _tell_now(self) -> None:
        self._telling = None
        self._tell()

    def _up(self) -> None:
        self._said = ""
        log.info("queues.connected", node=self._node)

    def _down(self, reason: str) -> None:
        """Tell the loss once, and once more if it turns out to have another reason."""
        self._feed.lost(reason)
        self._soon()
        if reason != self._said:
            log.warning("queues.lost", node=self._node, reason=reason)
            self._said = reason


def _require(answer: Mapping[str, str]) -> None:
    if answer.get("Response") != "Success":
        said = answer.get("Message", "")
        raise AsteriskUnavailable(
            "Asterisk has no queues: app_queue is not loaded."
            if said.startswith(_NO_QUEUES)
            else f"Asterisk did not list its queues: {said}."
        )
