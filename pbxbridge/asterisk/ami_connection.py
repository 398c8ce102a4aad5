"""One TCP connection to AMI, from connect to loss; never reconnects, never repeats an action.

Around panoramisk 1.4: its protocol, parser and matching of answers to actions. Its Manager is left
out on purpose: callbacks run there without order, its reconnect cannot be stopped and sends the
pending actions again (an old Originate would ring a phone), and pings go unchecked.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from panoramisk.actions import Action
from panoramisk.ami_protocol import AMIProtocol

from pbxbridge.asterisk.ami_message import AmiResponse, checked, flattened
from pbxbridge.errors import AsteriskUnavailable
from pbxbridge.mirror.ami_event import AmiEvent

_END = b"\r\n\r\n"
_LONGEST_MESSAGE = 1 << 20
_CLOSE_SECONDS = 2.0


class _Protocol(AMIProtocol):  # type: ignore[misc]  # panoramisk has no type hints
    """panoramisk's parser, with every message put in one queue in the order of the stream.

    The queue is unbounded, and stays as short as one read: its only reader is a loop that waits
    for nothing else, and asyncio reads again only after that loop had its turn.
    """

    encoding = "utf-8"

    def __init__(self) -> None:
        self.messages: asyncio.Queue[AmiEvent | None] = asyncio.Queue()
        self.lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.closed_down = asyncio.Event()
        self.heard_at = asyncio.get_running_loop().time()
        self._unread = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        # panoramisk logs actions as they are, the login's secret included.
        self.log = logging.Logger("panoramisk", logging.CRITICAL + 1)

    def data_received(self, data: bytes) -> None:
        # Whole messages only: panoramisk decodes each read by itself and drops a character that
        # two reads share.
        self.heard_at = asyncio.get_running_loop().time()
        whole, end, self._unread = (self._unread + data).rpartition(_END)
        if end:
            super().data_received(whole + end)
        if len(self._unread) > _LONGEST_MESSAGE:
            self.give_up("What answers on the AMI port does not speak AMI.")

    def handle_message(self, message: Any) -> None:
        event = flattened(message)
        self.messages.put_nowait(event)
        if event.get("ActionID") in self.responses:
            super().handle_message(message)

    def connection_lost(self, exc: Exception | None) -> None:
        why = f"The AMI connection broke: {exc}." if exc else "Asterisk closed the AMI connection."
        self.give_up(why)
        self.closed_down.set()

    def give_up(self, reason: str) -> None:
        """End the connection; whoever waits for a message or an answer learns the reason."""
        if not self.lost.done():
            self.lost.set_result(reason)
            self.messages.put_nowait(None)
        # Not close(), which waits until a peer that is gone has read what was written.
        self.transport.abort()


class AmiConnection:
    """A connection with at most one reader of ``next_message`` and any number of actions."""

    def __init__(self, protocol: _Protocol, time_limit: float) -> None:
        self._protocol = protocol
        self._time_limit = time_limit

    @property
    def silence(self) -> float:
        """Seconds since anything was received."""
        return asyncio.get_running_loop().time() - self._protocol.heard_at

    async def next_message(self) -> AmiEvent:
        """Wait for the next message of the stream: event, list item or response.

        Raises AsteriskUnavailable when the connection is lost and everything before was read.
        """
        message = await self._protocol.messages.get()
        if message is None:
            raise AsteriskUnavailable(self._protocol.lost.result())
        return message

    def send(self, name: str, **fields: str) -> str:
        """Send an action whose answer will be read from the stream; return its ActionID."""
        return str(self._send(name, fields).id)

    async def action(self, name: str, **fields: str) -> AmiResponse:
        """Send an action and wait for its answer, whatever that says.

        Raises AsteriskUnavailable when none comes in time, ValueError for a line break in a field.
        """
        sent = self._send(name, fields)
        lost = self._protocol.lost
        try:
            await asyncio.wait(
                {sent.future, lost}, timeout=self._time_limit, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            self._protocol.responses.pop(sent.id, None)
        if sent.future.done():
            return _response(sent.future.result())
        if lost.done():
            raise AsteriskUnavailable(lost.result())
        raise AsteriskUnavailable(f"Asterisk did not answer {name} in {self._time_limit:g} s.")

    def _send(self, name: str, fields: dict[str, str]) -> Any:
        headers = checked(name, fields)
        if self._protocol.lost.done():
            raise AsteriskUnavailable(self._protocol.lost.result())
        action = Action(headers)
        self._protocol.send(action, as_list=None)
        return action


@asynccontextmanager
async def open_connection(host: str, port: int, time_limit: float) -> AsyncIterator[AmiConnection]:
    """Connect, and close without a trace when the block ends.

    ``time_limit`` is in seconds, for the connect and for each action's answer. Raises
    AsteriskUnavailable when nothing accepts the connection.
    """
    try:
        async with asyncio.timeout(time_limit):
            _, protocol = await asyncio.get_running_loop().create_connection(_Protocol, host, port)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error) or "no answer"
        raise AsteriskUnavailable(f"No AMI connection to {host}:{port}: {reason}.") from error
    try:
        yield AmiConnection(protocol, time_limit)
    finally:
        protocol.give_up("pbxbridge closed the AMI connection.")
        with suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_SECONDS):
                await protocol.closed_down.wait()


@asynccontextmanager
async def within(seconds: float, why: str) -> AsyncIterator[None]:
    """Raise AsteriskUnavailable with this sentence when the block takes longer."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as error:
        raise AsteriskUnavailable(why) from error


def _response(result: Any) -> AmiResponse:
    if isinstance(result, list):
        return AmiResponse.of([flattened(message) for message in result])
    return AmiResponse(flattened(result))
