"""AMI on the wire: bytes in, messages out, in the order of the stream."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import cast

from panoramisk.actions import Action
from panoramisk.message import Message

from pbxbridge.asterisk.ami_message import action_id, headers_of

_END = b"\r\n\r\n"
_LONGEST_MESSAGE = 1 << 20
# Handled in a few milliseconds; the event loop has its turn after so many.
_SLICE = 200
# A reader that is behind stops the reading until it has caught up, so memory stays flat in a storm.
_MOST_WAITING, _FEW_WAITING = 4096, 1024


class AmiProtocol(asyncio.Protocol):
    """Puts every message in one queue, and gives it to the action that it answers.

    Text that is no UTF-8 is kept as far as it can be read.
    """

    transport: asyncio.Transport

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.lost: asyncio.Future[str] = loop.create_future()
        self.closed_down = asyncio.Event()
        self.heard_at = loop.time()
        self.asked: dict[str, Action] = {}
        self._clock = loop.time
        self._slices: deque[list[str]] = deque()
        self._news = asyncio.Event()
        self._unread = b""
        self._waiting = 0
        self._has_reader = self._paused = self._ignores = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self.heard_at = self._clock()
        # Whole messages only: two reads may share a character.
        whole, end, self._unread = (self._unread + data).rpartition(_END)
        if end:
            messages = whole.decode("utf-8", "replace").split("\r\n\r\n")
            if self.asked:
                self._answer(messages)
            if self._ignores:
                messages = []
            for start in range(0, len(messages), _SLICE):
                self._slices.append(messages[start : start + _SLICE])
            self._waiting += len(messages)
            self._news.set()
            if self._has_reader and self._waiting > _MOST_WAITING and not self._paused:
                self._paused = True
                self.transport.pause_reading()
        if len(self._unread) > _LONGEST_MESSAGE:
            self.give_up("What answers on the AMI port does not speak AMI.")

    def connection_lost(self, exc: Exception | None) -> None:
        why = f"The AMI connection broke: {exc}." if exc else "Asterisk closed the AMI connection."
        self.give_up(why)
        self.closed_down.set()

    def give_up(self, reason: str) -> None:
        """End the connection; whoever waits for a message or an answer learns the reason."""
        if not self.lost.done():
            self.lost.set_result(reason)
            self._news.set()
        # Not close(), which waits until a peer that is gone has read what was written.
        self.transport.abort()

    def ignore_the_rest(self) -> None:
        """Keep nothing more of the stream: from here on only answers count."""
        self._ignores = True
        self._slices.clear()
        self._waiting = 0
        if self._paused and not self.lost.done():
            self._paused = False
            self.transport.resume_reading()

    async def next_messages(self) -> list[str]:
        """Wait for the next messages, as many as are handled in a moment.

        None when the connection is lost and all was read. Others have their turn in between.
        """
        self._has_reader = True
        if self._slices:
            await asyncio.sleep(0)
        while not self._slices:
            if self.lost.done():
                return []
            self._news.clear()
            await self._news.wait()
        messages = self._slices.popleft()
        self._waiting -= len(messages)
        if self._paused and self._waiting < _FEW_WAITING:
            self._paused = False
            if not self.lost.done():
                self.transport.resume_reading()
        return messages

    def _answer(self, messages: list[str]) -> None:
        for text in messages:
            if (action := self.asked.get(action_id(text))) is not None:
                action.add_message(Message(headers_of(text)))
