"""A queue link to a fake AMI server that has queues, with a board behind it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from pydantic import SecretStr

from ami_handlers import QUEUE_HANDLERS
from pbxbridge.asterisk.queue_link import QueueLink, QueueTiming
from pbxbridge.events import QueuesChanged
from pbxbridge.mirror.queue_board import QueueBoard
from pbxbridge.mirror.queue_feed import QueueFeed
from pbxbridge.mirror.queue_member import AgentState
from pbxbridge.settings import NodeSettings
from tests.eventually import eventually
from tests.fakes.ami_server import SECRET, FakeAmi, Headers, block, reply

NODE = "asterisk"
LIST = "QueueStatus"
QUICK = QueueTiming(
    answer=0.3,
    boot=0.3,
    list=0.3,
    list_every=60.0,
    settle=0.02,
    ping_every=0.1,
    retry_first=0.01,
    retry_longest=0.05,
    gather=0.01,
)


def member(
    agent: str, extension: str, event: str = "QueueMemberAdded", queue: str = "sales", **said: str
) -> bytes:
    """Return an event of a member as Asterisk 22 writes it, all of whom tell everything."""
    interface = f"PJSIP/{extension}"
    told = {
        "Event": event,
        "Privilege": "agent,all",
        "Queue": queue,
        "MemberName": f"Agent/{agent}",
        "Interface": interface,
        "StateInterface": interface,
        "Membership": "dynamic",
        "Penalty": "0",
        "CallsTaken": "0",
        "LastCall": "0",
        "LastPause": "0",
        "LoginTime": "1790000000",
        "InCall": "0",
        "Status": "1",
        "Paused": "0",
        "PausedReason": "",
        "Ringinuse": "0",
        "Wrapuptime": "0",
    }
    return block(**told | said)


def caller(id_: str, event: str = "QueueCallerJoin", queue: str = "sales", **said: str) -> bytes:
    """Return an event of a caller."""
    told = {
        "Event": event,
        "Privilege": "agent,all",
        "CallerIDNum": "0301234",
        "CallerIDName": "<unknown>",
        "Uniqueid": id_,
        "Queue": queue,
        "Position": "1",
        "Count": "1",
    }
    return block(**told | said)


class Pbx:
    """What the fake's list of queues shows: agents by phone, and callers with their waits."""

    def __init__(self) -> None:
        self.members: dict[str, str] = {}
        self.callers: dict[str, int] = {}
        self.between = b""

    def answer(self, action: Headers) -> bytes:
        """Return the list; ``between`` comes before its end."""
        action_id = action["ActionID"]
        return b"".join(
            [
                reply(action, EventList="start", Message="Queue status will follow"),
                block(Event="QueueParams", Queue="sales", ActionID=action_id),
                *self._members(action_id),
                *self._callers(action_id),
                self.between,
                block(Event="QueueStatusComplete", ActionID=action_id, EventList="Complete"),
            ]
        )

    def _members(self, action_id: str) -> Iterable[bytes]:
        for phone, agent in self.members.items():
            yield block(
                Event="QueueMember",
                ActionID=action_id,
                Queue="sales",
                Name=f"Agent/{agent}",
                Location=f"PJSIP/{phone}",
                StateInterface=f"PJSIP/{phone}",
                Membership="dynamic",
                Penalty="3",
                LastCall="0",
                InCall="0",
                Status="1",
                Paused="0",
                PausedReason="",
            )

    def _callers(self, action_id: str) -> Iterable[bytes]:
        for id_, wait in self.callers.items():
            yield block(
                Event="QueueEntry",
                ActionID=action_id,
                Queue="sales",
                Position="1",
                Uniqueid=id_,
                CallerIDNum="0301234",
                CallerIDName="Ada",
                Wait=str(wait),
            )


class QueueRig:
    """A fake server with queues and, once ``link()`` is entered, a link to it with a board."""

    def __init__(self, server: FakeAmi) -> None:
        self.server = server
        self.pbx = Pbx()
        self.server.answers[LIST] = self.pbx.answer
        self.board = QueueBoard([NODE])
        self.told: list[QueuesChanged] = []

    def _tell(self) -> None:
        if change := self.board.take_changes():
            self.told.append(change)

    @asynccontextmanager
    async def link(
        self, *, up: bool = True, timing: QueueTiming = QUICK
    ) -> AsyncIterator[QueueLink]:
        """Run a link for the length of the block, from when the node is heard."""
        settings = NodeSettings(
            host="127.0.0.1",
            ami_port=self.server.port,
            ami_user="bridge",
            ami_secret=SecretStr(SECRET),
        )
        feed = QueueFeed(NODE, self.board)
        link = QueueLink(NODE, settings, feed, QUEUE_HANDLERS, self._tell, timing)
        task = asyncio.create_task(link.run(), name="queue-link")
        try:
            if up:
                await self.until_heard()
            yield link
        finally:
            task.cancel()
            await asyncio.wait({task}, timeout=5)
            assert task.cancelled()

    async def until_heard(self) -> None:
        await eventually(lambda: self.board.is_heard(NODE))

    async def until_lost(self, reason: str = "") -> None:
        await eventually(
            lambda: not self.board.is_heard(NODE) and reason in self.board.unheard[NODE].reason
        )

    def lists(self) -> int:
        return len(self.server.received(LIST))

    def seen(self) -> dict[str, tuple[str, AgentState]]:
        """Return who takes calls of the queue and what they do, by phone."""
        return {each.number: (each.agent, each.state) for each in self.board.members_of("sales")}

    def waiting(self) -> list[str]:
        return [each.id for each in self.board.waiting("sales")]
