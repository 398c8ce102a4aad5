"""One TCP connection to AMI, from connect to loss; never reconnects, never repeats an action.

Of panoramisk 1.4 it has the actions, and how they tell from the answers that they are complete.
Its protocol is left out on purpose: it makes a case-insensitive dictionary of every event, which
takes 25 us, and blocks the event loop for as long as a read takes to handle. So is its Manager:
callbacks run there without order, its reconnect cannot be stopped and sends the pending actions
again (an old Originate would ring a phone), and pings go unchecked.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from panoramisk.actions import Action

from pbxbridge.asterisk.ami_message import AmiResponse, checked, flattened
from pbxbridge.asterisk.ami_protocol import AmiProtocol
from pbxbridge.errors import AsteriskUnavailable

_CLOSE_SECONDS = 2.0
# panoramisk waits for more after "Added interface to queue", which is all that Asterisk answers.
_ONE_ANSWER = frozenset({"QueueAdd"})


class AmiConnection:
    """A connection with at most one reader of its messages and any number of actions.

    A message is its text; see ami_message.
    """

    def __init__(self, protocol: AmiProtocol, time_limit: float) -> None:
        self._protocol = protocol
        self._time_limit = time_limit

    @property
    def silence(self) -> float:
        """Seconds since anything was received."""
        return asyncio.get_running_loop().time() - self._protocol.heard_at

    def ignore_the_rest(self) -> None:
        """Keep nothing more of the stream, for whoever only asks: answers still come."""
        self._protocol.ignore_the_rest()

    async def next_messages(self) -> list[str]:
        """Wait for the next messages of the stream: events, list items and responses.

        They are those that came, a few hundred at most, and the event loop has its turn in between.
        Raises AsteriskUnavailable when the connection is lost and everything before was read.
        """
        messages = await self._protocol.next_messages()
        if not messages:
            raise AsteriskUnavailable(self._protocol.lost.result())
        return messages

    def send(self, name: str, **fields: str) -> str:
        """Send an action whose answer will be read from the stream; return its ActionID."""
        return str(self._send(name, fields).id)

    async def action(self, name: str, **fields: str) -> AmiResponse:
        """Send an action and wait for its answer, whatever that says.

        Raises AsteriskUnavailable when none comes in time, ValueError for a line break in a field.
        """
        sent = self._send(name, fields)
        asked, lost = self._protocol.asked, self._protocol.lost
        asked[sent.id] = sent
        try:
            await asyncio.wait(
                {sent.future, lost}, timeout=self._time_limit, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            del asked[sent.id]
        if sent.future.done():
            return _response(sent.future.result())
        if lost.done():
            raise AsteriskUnavailable(lost.result())
        raise AsteriskUnavailable(f"Asterisk did not answer {name} in {self._time_limit:g} s.")

    def _send(self, name: str, fields: dict[str, str]) -> Any:
        action = Action(checked(name, fields), as_list=False if name in _ONE_ANSWER else None)
        if self._protocol.lost.done():
            raise AsteriskUnavailable(self._protocol.lost.result())
        self._protocol.transport.write(str(action).encode())
        return action


@asynccontextmanager
async def open_connection(host: str, port: int, time_limit: float) -> AsyncIterator[AmiConnection]:
    """Connect, and close without a trace when the block ends.

    ``time_limit`` is in seconds, for the connect and for each action's answer. Raises
    AsteriskUnavailable when nothing accepts the connection.
    """
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(time_limit):
            _, protocol = await loop.create_connection(AmiProtocol, host, port)
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
