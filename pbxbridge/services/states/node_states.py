"""What one node's mirror says, stored: the last states, their history, and how the link stands.

Gathered in memory and stored a few times a second, however much there is. Whoever follows (alerts,
webhooks) stores what it makes of the changes in the same transaction.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from typing import NoReturn, TypeAlias

import structlog
from tortoise.backends.base.client import TransactionalDBClient

from pbxbridge.errors import Superseded
from pbxbridge.identity import BRIDGE
from pbxbridge.mirror.endpoint import EndpointState, Status
from pbxbridge.mirror.link_state import LinkState
from pbxbridge.models.database import write_transaction
from pbxbridge.models.node import Node, StoredState
from pbxbridge.services.keep_trying import until_stored
from pbxbridge.services.states.change import Change
from pbxbridge.services.states.state_tables import add_changes, put_states

Follower: TypeAlias = Callable[[TransactionalDBClient, Sequence[Change]], Awaitable[None]]

FLUSH_SECONDS = 0.25
HEARTBEAT_SECONDS = 2.0
# Where there is only one bridge, it tells the next start since when nothing was heard.
ALONE_SECONDS = 60.0
# As many go into one transaction: Asterisk, too, waits for SQLite's only writer.
AT_ONCE = 1000
# As many changes are kept for a database that is away; beyond that the oldest are dropped.
MOST_CHANGES = 200_000
LAST_FLUSH_SECONDS = 1.0

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Gathered:
    """What is to be stored."""

    states: dict[str, EndpointState] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    changes: list[Change] = field(default_factory=list)
    link: LinkState | None = None

    def __bool__(self) -> bool:
        return bool(self.states or self.gone or self.changes or self.link)

    def taken(self) -> _Gathered:
        """Take out what goes into one transaction."""
        some = dict(islice(self.states.items(), AT_ONCE))
        for number in some:
            del self.states[number]
        taken = _Gathered(some, self.gone, self.changes[:AT_ONCE])
        del self.changes[:AT_ONCE]
        self.gone = set()
        if not (self.states and self.link and self.link.up):
            # Nobody may take what is left for fresh.
            taken.link, self.link = self.link, None
        return taken


@dataclass(frozen=True, slots=True)
class Turn:
    """Who listens to a node, and where the stored states stand.

    ``since`` is when the last one stopped listening, or this one began to.
    """

    epoch: int
    seq: int
    since: datetime


class NodeStates:
    """Stores what the mirror of a node says, for the bridge that listens to it; a MirrorWatcher."""

    def __init__(
        self,
        node: str,
        turn: Turn,
        known: Iterable[EndpointState],
        followers: Sequence[Follower] = (),
        heartbeat_seconds: float = HEARTBEAT_SECONDS,
    ) -> None:
        """``turn`` is what ``take_over`` gave, ``known`` the states that are stored."""
        self._node = node
        self._epoch = turn.epoch
        self._seq = turn.seq
        self._known = {state.endpoint: state for state in known}
        self._followers = followers
        self._heartbeat_seconds = heartbeat_seconds
        self._gathered = _Gathered()
        self._in_flight: _Gathered | None = None

    def states_changed(self, node: str, states: Sequence[EndpointState]) -> None:
        """Keep the last state of each endpoint, and each change of status or address."""
        now = datetime.now(UTC)
        known, gathered = self._known, self._gathered
        for state in states:
            number = state.endpoint
            before = known.get(number)
            known[number] = gathered.states[number] = state
            if before is None:
                before_status: str = Status.BLANK
            elif (
                before.status is not state.status
                or before.ip != state.ip
                or before.port != state.port
            ):
                before_status = before.status
            else:
                continue
            gathered.changes.append(
                Change(node, number, before_status, state.status, state.ip, state.port, now)
            )
        if len(gathered.changes) > MOST_CHANGES:
            log.warning("history.dropped", node=node, changes=MOST_CHANGES // 2)
            del gathered.changes[: MOST_CHANGES // 2]

    def link_changed(self, node: str, link: LinkState) -> None:  # noqa: ARG002 - there is one node
        """Keep how the link stands."""
        self._gathered.link = link

    def mailbox_changed(self, node: str, mailbox: str, context: str) -> None:
        """Nothing of mailboxes is stored."""

    def untracked(self, node: str, number: str) -> None:  # noqa: ARG002 - there is one node
        """Drop the state of an endpoint that is gone."""
        self._known.pop(number, None)
        self._gathered.states.pop(number, None)
        self._gathered.gone.add(number)

    async def run(self) -> NoReturn:
        """Store what gathers, for ever; and when cancelled, what is left.

        Raises Superseded once another bridge has taken over the node.
        """
        try:
            while True:
                await self._flush_whatever_breaks()
                await asyncio.sleep(FLUSH_SECONDS)
        finally:
            with suppress(TimeoutError, Superseded):
                async with asyncio.timeout(LAST_FLUSH_SECONDS):
                    await self._flush_whatever_breaks()

    async def keep_alive(self) -> NoReturn:
        """Store that this bridge is alive, for ever; no writer holds that up.

        Raises Superseded once another bridge has taken over the node.
        """
        mine = Node.filter(name=self._node, epoch=self._epoch)
        while True:
            if not await until_stored(lambda: mine.update(heartbeat_at=datetime.now(UTC))):
                raise self._superseded()
            await asyncio.sleep(self._heartbeat_seconds)

    async def flush(self) -> None:
        """Store what has gathered until now. Raises Superseded."""
        while self._in_flight or self._gathered:
            # Kept until it is stored: a cancellation in between loses nothing.
            self._in_flight = self._in_flight or self._gathered.taken()
            await until_stored(partial(self._store, self._in_flight))
            self._in_flight = None

    async def _flush_whatever_breaks(self) -> None:
        try:
            await self.flush()
        except Superseded:
            raise
        except Exception:
            # A fault of ours in one part must neither hold up the others nor end the bridge.
            log.exception("states.broke", node=self._node)
            self._in_flight = None

    async def _store(self, some: _Gathered) -> None:
        async with write_transaction() as transaction:
            mine = Node.filter(name=self._node, epoch=self._epoch).using_db(transaction)
            said = {"seq": self._seq + 1, **_link_columns(some.link)}
            if await mine.filter(seq=self._seq).update(**said):
                await self._store_in(transaction, some)
            elif not await mine.filter(seq=self._seq + 1).exists():
                raise self._superseded()
            # Else it was stored before, and only the answer to the commit was lost.
        self._seq += 1

    async def _store_in(self, transaction: TransactionalDBClient, some: _Gathered) -> None:
        if some.gone:
            gone = StoredState.filter(node=self._node, endpoint__in=list(some.gone))
            await gone.using_db(transaction).delete()
        if some.states:
            now = str(datetime.now(UTC))
            await put_states(transaction, self._node, self._seq + 1, now, some.states.values())
        if some.changes:
            await add_changes(transaction, some.changes)
            for follow in self._followers:
                await follow(transaction, some.changes)

    def _superseded(self) -> Superseded:
        return Superseded(f"Another bridge has taken over the Asterisk {self._node}.")


async def take_over(node: str) -> Turn:
    """Make this bridge the one that listens to the node. Raises Superseded if there is no such."""
    async with write_transaction() as transaction:
        row = await Node.get_or_none(name=node, using_db=transaction)
        if row is None:
            raise Superseded(f"There is no Asterisk {node} in the database any more.")
        now = datetime.now(UTC)
        if row.link_up:
            row.link_up, row.link_since = False, row.heartbeat_at
        since = row.link_since or now
        row.epoch += 1
        row.bridge = BRIDGE
        row.heartbeat_at, row.link_since = now, since
        row.link_reason = "Not connected to Asterisk yet."
        await row.save(using_db=transaction)
        return Turn(row.epoch, row.seq, since)


async def stored_states(node: str, newer_than: int = -1) -> list[EndpointState]:
    """Return what is stored of a node's endpoints, if it was written after that ``seq``."""
    columns = ("endpoint", "status", "ip", "port", "rtt_ms", "user_agent", "last_seen")
    found = StoredState.filter(node=node, seq__gt=newer_than).order_by("endpoint")
    return [
        EndpointState(endpoint, Status(status), *rest)
        for endpoint, status, *rest in await found.values_list(*columns)
    ]


def _link_columns(link: LinkState | None) -> dict[str, object]:
    if link is None:
        return {}
    return {"link_up": link.up, "link_since": link.since, "link_reason": link.reason[:500]}
