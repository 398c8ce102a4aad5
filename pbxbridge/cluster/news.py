"""What other bridges and the command line changed, told to this bridge's bus.

While nobody listens, nothing is kept: after each new connection everything is read again, which
``Overflowed`` asks every subscriber for.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import NoReturn

import structlog

from pbxbridge.cluster.news_triggers import CHANNEL
from pbxbridge.cluster.session import LOOK_SECONDS, Session, SessionLost, open_session
from pbxbridge.events import (
    AlertsChanged,
    CallCentreSaved,
    EventBus,
    ExtensionDeleted,
    InvitationsChanged,
    MailboxChanged,
    NodeChanged,
    OutboxChanged,
    Overflowed,
    TrunksChanged,
)
from pbxbridge.identity import BRIDGE
from pbxbridge.models.extension import Extension
from pbxbridge.services.extension_events import saved
from pbxbridge.services.keep_trying import until_stored
from pbxbridge.task_groups import first_of, raise_if_cancelled

_MAILBOX = "mailbox"
_ALL = "*"
_DELETE = "DELETE"
# As many messages may wait to be taken in, beyond which everything is read again; and as many
# mailboxes to be told on, beyond which the sweeps of the others find what came.
_BACKLOG = 1000

log = structlog.get_logger(__name__)


class News:
    """Listens to PostgreSQL, and tells the other bridges of mailboxes, which no table holds."""

    def __init__(self, url: str, bus: EventBus, bridge: str = BRIDGE) -> None:
        """``bridge`` is the application_name of this bridge's connections."""
        self._url = url
        self._bridge = bridge
        self._bus = bus
        self._heard: asyncio.Queue[str] = asyncio.Queue(_BACKLOG)
        self._to_tell: asyncio.Queue[MailboxChanged] = asyncio.Queue(_BACKLOG)

    def tell_mailbox(self, event: MailboxChanged) -> None:
        """Tell the other bridges that the messages of a mailbox changed."""
        if not self._to_tell.full():
            self._to_tell.put_nowait(event)

    async def run(self) -> NoReturn:
        """Listen for ever."""
        while True:
            try:
                async with open_session(self._url) as session:
                    self._heard = asyncio.Queue(_BACKLOG)
                    await session.listen(CHANNEL, self._hear)
                    self._bus.publish(Overflowed())
                    async with asyncio.TaskGroup() as tasks:
                        tasks.create_task(self._tell(session), name="news-tell")
                        tasks.create_task(self._take_in(), name="news-take-in")
                        await session.watch()
            except* SessionLost as lost:
                log.warning("news.lost", reason=str(first_of(lost)))
            raise_if_cancelled()
            await asyncio.sleep(LOOK_SECONDS)

    def _hear(self, message: str) -> None:
        if self._heard.full():
            while not self._heard.empty():
                self._heard.get_nowait()
            self._bus.publish(Overflowed())
        self._heard.put_nowait(message)

    async def _tell(self, session: Session) -> NoReturn:
        while True:
            box = await self._to_tell.get()
            message = json.dumps([_MAILBOX, self._bridge, "", [box.mailbox, box.context]])
            await session.ask("SELECT pg_notify($1, $2)", CHANNEL, message)

    async def _take_in(self) -> NoReturn:
        while True:
            message = await self._heard.get()
            try:
                topic, who, operation, details = json.loads(message)
                if who != self._bridge:
                    await self._publish(topic, operation, details)
            except Exception:
                # Anybody who may connect may send; nothing that comes may end the bridge.
                log.exception("news.not_understood")
                self._bus.publish(Overflowed())

    async def _publish(self, topic: str, operation: str, details: Sequence[str]) -> None:
        match topic:
            case "extension" if _ALL in details:
                self._bus.publish(Overflowed())
            case "extension":
                if operation == _DELETE:
                    # Even if there is one again: what was known of the former is to be forgotten.
                    for number in details:
                        self._bus.publish(ExtensionDeleted(number))
                await until_stored(lambda: self._publish_extensions(details))
            case "trunk":
                self._bus.publish(TrunksChanged())
            case "outbox":
                self._bus.publish(OutboxChanged())
            case "invitation":
                self._bus.publish(InvitationsChanged())
            case "alert":
                self._bus.publish(AlertsChanged())
            case "call-centre":
                self._bus.publish(CallCentreSaved())
            case "node":
                for name in details:
                    self._bus.publish(NodeChanged(name))
            case "mailbox":
                self._bus.publish(MailboxChanged(*details))

    async def _publish_extensions(self, numbers: Sequence[str]) -> None:
        for row in await Extension.filter(number__in=list(numbers)):
            self._bus.publish(saved(row))
