"""One node, as long as this bridge is the one that listens to it.

Whatever was last known of its endpoints is shown as old until the first snapshot is in, and is what
that is compared to.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import structlog

from pbxbridge.asterisk.ami import AmiLink
from pbxbridge.asterisk.notices import tell
from pbxbridge.events import EventBus
from pbxbridge.mirror.ami_event import Handler
from pbxbridge.mirror.board import Board
from pbxbridge.mirror.mirror import Mirror
from pbxbridge.mirror.watchers import Watchers
from pbxbridge.models.outbox import NoticeKind
from pbxbridge.nodes.links import NodeLinks
from pbxbridge.nodes.tracking import Tracking
from pbxbridge.services.asterisk_outbox import AsteriskOutbox
from pbxbridge.services.call_centre.telling import KINDS, QueueTelling
from pbxbridge.services.keep_trying import until_stored
from pbxbridge.services.states.node_states import (
    Follower,
    NodeStates,
    stored_states,
    take_over,
)
from pbxbridge.settings import NodeSettings

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class NodeParts:
    """What every node works with.

    ``queues`` delivers what is to be told of queues and agents. ``heartbeat_seconds`` is how often
    the database is told that this bridge is alive;
    ``remove_mailbox`` deletes what lies in a box that is gone.
    """

    bus: EventBus
    board: Board
    tracking: Tracking
    links: NodeLinks
    handlers: Mapping[str, Handler]
    followers: Sequence[Follower]
    remove_mailbox: Callable[[str], Awaitable[None]]
    queues: QueueTelling
    heartbeat_seconds: float


async def listen_to(node: str, settings: NodeSettings, parts: NodeParts) -> None:
    """Mirror the node and tell it what it must know, until cancelled.

    Raises Superseded once another bridge does so.
    """
    turn = await until_stored(partial(take_over, node))
    known = await until_stored(partial(stored_states, node))
    states = NodeStates(node, turn, known, parts.followers, parts.heartbeat_seconds)
    mirror = Mirror(node, Watchers(parts.board, states), turn.since)
    link = AmiLink(settings, mirror, parts.handlers)
    parts.board.link_changed(node, mirror.link)
    log.info("node.listening", node=node)
    with parts.links.keeping(node, link):
        async with parts.tracking.keeping(mirror):
            followed = parts.tracking.followed
            here = [state for state in known if state.endpoint in followed]
            for state in known:
                if state.endpoint not in followed:
                    states.untracked(node, state.endpoint)
            parts.board.replace(node, here)
            await mirror.restore(here)
            outbox = AsteriskOutbox(parts.bus, _teller(node, link, mirror, parts), node=node)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(link.run(), name=f"ami-link-{node}")
                tasks.create_task(states.run(), name=f"states-{node}")
                tasks.create_task(states.keep_alive(), name=f"alive-{node}")
                tasks.create_task(outbox.run(), name=f"asterisk-outbox-{node}")


def _teller(
    node: str, link: AmiLink, mirror: Mirror, parts: NodeParts
) -> Callable[[NoticeKind, str], Awaitable[None]]:
    async def deliver(kind: NoticeKind, subject: str) -> None:
        if kind in KINDS:
            await parts.queues.tell(node, link, kind, subject)
            return
        if kind is NoticeKind.FORGET_MAILBOX:
            # Without waiting for Asterisk: a new extension of that number must not inherit.
            await parts.remove_mailbox(subject)
        await tell(link, kind, subject)
        if kind is NoticeKind.FORGET_CONTACTS:
            mirror.contacts_forgotten(subject)

    return deliver
