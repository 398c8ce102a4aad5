"""Telling an Asterisk of changed queues and agents: the notices of a node's outbox."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from pbxbridge.asterisk.ami_message import AmiResponse
from pbxbridge.asterisk.notices import Link
from pbxbridge.errors import AsteriskUnavailable
from pbxbridge.mirror.queue_board import QueueBoard
from pbxbridge.models.call_centre import QueueAgent
from pbxbridge.models.outbox import NoticeKind
from pbxbridge.services.call_centre.placement import (
    FAMILY,
    Action,
    departures,
    forgotten,
    moves,
)

KINDS = frozenset({NoticeKind.REREAD_QUEUE, NoticeKind.PLACE_AGENT, NoticeKind.LEAVE_QUEUES})
# Errors that mean that it is so already; the last one is of an Asterisk without queues.
_DONE = (
    "Unable to add interface: Already there",
    "Unable to remove interface: Not there",
    "Unable to remove interface from queue: No such queue",
    "Member not dynamic",
    "Invalid interface",
    # Also of one that is there: then the dialplan may take an agent for logged in, and logs them
    # out by the next code.
    "Database entry could not be deleted",
    "Invalid/unknown command",
)


async def carry_out(link: Link, actions: Iterable[Action]) -> None:
    """Have Asterisk do this. Raises AsteriskUnavailable if it does not."""
    for name, fields in actions:
        answer = await link.action(name, **fields)
        if not answer.success and not answer.message.startswith(_DONE):
            raise AsteriskUnavailable(f"Asterisk answered {name}: {answer.message}.")


async def remembered_value(link: Link, key: str) -> str:
    """Return what Asterisk remembers under this key of ours, empty for nothing."""
    answer = await link.action("DBGet", Family=FAMILY, Key=key)
    return next((item["Val"] for item in answer.items if "Val" in item), "")


async def queues_of(agent: str) -> dict[str, int]:
    """Return the penalty of an agent in each of their queues."""
    rows = QueueAgent.filter(agent_id=agent).order_by("queue_id")
    return dict(await rows.values_list("queue_id", "penalty"))


class QueueTelling:
    """Delivers the notices of KINDS."""

    def __init__(self, board: QueueBoard, look_again: Callable[[], None]) -> None:
        """``look_again`` has the queues listed anew."""
        self._board = board
        self._look_again = look_again

    async def tell(self, node: str, link: Link, kind: NoticeKind, subject: str) -> None:
        """Deliver one; twice does no harm. Raises AsteriskUnavailable if it was not delivered.

        ``subject`` is the queue of REREAD_QUEUE, the agent of PLACE_AGENT, and the device of
        LEAVE_QUEUES.
        """
        match kind:
            case NoticeKind.REREAD_QUEUE:
                await _reread(link, subject)
            case NoticeKind.PLACE_AGENT:
                await self._place(node, link, subject)
            case NoticeKind.LEAVE_QUEUES:
                await self._leave(node, link, subject)
        self._look_again()

    async def _place(self, node: str, link: Link, agent: str) -> None:
        self._require(node)
        present, wanted = self._board.of_agent(agent, node), await queues_of(agent)
        devices = {member.interface for member in present}
        device = devices.pop() if len(devices) == 1 else ""
        # At two devices, or none: where the last login was.
        device = device or await remembered_value(link, f"agent/{agent}")
        if not wanted:
            actions = [*departures(present), *forgotten(agent, device)]
        elif present:
            actions = moves(agent, device or present[-1].interface, wanted, present)
        else:
            actions = []  # not logged in
        await carry_out(link, actions)

    async def _leave(self, node: str, link: Link, device: str) -> None:
        self._require(node)
        present = self._board.at_device(device, node)
        agent = next((member.agent for member in present if member.agent), "")
        agent = agent or await remembered_value(link, f"device/{device}")
        await carry_out(link, [*departures(present), *forgotten(agent, device)])

    def _require(self, node: str) -> None:
        if (link := self._board.unheard.get(node)) is not None:
            raise AsteriskUnavailable(link.reason)


async def _reread(link: Link, queue: str) -> None:
    """Have the queue's rows read again. Of one that is gone Asterisk keeps nothing."""
    answer: AmiResponse = await link.action("QueueStatus", Queue=queue)
    if not any(item.get("Event") == "QueueParams" for item in answer.items):
        gone = Action("DBDel", {"Family": "Queue/PersistentMembers", "Key": queue})
        await carry_out(link, [gone])
