"""Calls that an administrator makes and ends from the portal, and what phones do meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from pbxbridge.errors import Conflict
from pbxbridge.mirror.board import Board
from pbxbridge.mirror.call_board import CallBoard, CallState
from pbxbridge.services import audit
from pbxbridge.services.actor import Actor
from pbxbridge.services.device_types import device_of
from pbxbridge.services.extensions import Extensions


class CallLink(Protocol):
    """What makes and ends calls on one Asterisk; all of it raises AsteriskUnavailable."""

    async def ring(self, device: str, caller_id: str) -> None:
        """Call a device and play a prompt to who answers. Raises Conflict if it is not there."""

    async def hang_up(self, channel: str) -> bool:
        """End a channel; false if there is none."""

    def require(self) -> None:
        """Do nothing if Asterisk can be asked."""


class PhoneCalls:
    """The calls of extensions' phones."""

    def __init__(
        self,
        extensions: Extensions,
        calls: CallBoard,
        links: Mapping[str, CallLink],
        board: Board,
    ) -> None:
        """``links`` lead to each node by its name, the first one first."""
        self._extensions = extensions
        self._calls = calls
        self._links = links
        self._board = board

    def state_of(self, number: str) -> CallState | None:
        """Return what the phone of an extension does, None if that is not known.

        One that is not there does nothing, which is not what people call idle.
        """
        state = self._calls.state_of(number)
        if state is CallState.IDLE and not self._board.state_of(number).takes_calls:
            return None
        return state

    async def ring(self, actor: Actor, number: str) -> None:
        """Ring the phone of an extension, play a prompt to who answers, hang up.

        Raises NotFound, Conflict if it has no phone or that cannot be reached, AsteriskUnavailable.
        """
        view = await self._extensions.get(number)
        device = device_of(view)
        if not device:
            raise Conflict(f"Extension {number} has no device that could ring.")
        try:
            await self._link_to(number).ring(device, f'"pbxbridge" <{number}>')
        except Conflict as why:
            raise Conflict(
                f"Asterisk cannot ring extension {number}: its phone is not registered."
            ) from why
        await audit.record_done(actor, "extension.rung", number, after={"device": device})

    async def hang_up(self, actor: Actor, number: str) -> int:
        """End every call of an extension's phone, on all nodes; return how many there were.

        Raises NotFound, Conflict if there was none, AsteriskUnavailable.
        """
        view = await self._extensions.get(number)
        ended = 0
        try:
            for node, channel in self._calls.channels_of(view.number):
                ended += await self._links[node].hang_up(channel)
        finally:
            if ended:
                after = {"calls": ended}
                await audit.record_done(actor, "extension.hung-up", number, after=after)
        if not ended:
            for link in self._links.values():
                link.require()  # on one that is not heard, there may be a call
            raise Conflict(f"Extension {number} has no call to hang up.")
        return ended

    def _link_to(self, number: str) -> CallLink:
        """Return the link to the node where the phone is registered, else to the first one."""
        first = next(iter(self._links))
        return self._links[self._board.state_of(number).node or first]
