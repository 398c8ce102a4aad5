"""Having a phone fetch its configuration anew."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from pbxbridge.errors import Conflict
from pbxbridge.mirror.board import Board
from pbxbridge.phones.makes import Makes
from pbxbridge.services import audit
from pbxbridge.services.actor import Actor
from pbxbridge.services.desk_phones.carrier import Carrier, carrier_of

# Sends a NOTIFY with this Event header from a node (empty: the only one) to an endpoint's device.
# Raises AsteriskUnavailable.
Notify = Callable[[str, str, str], Awaitable[None]]


class Resync:
    """Tells phones to fetch their configuration, through the Asterisk that they register with."""

    def __init__(self, makes: Makes, board: Board, notify: Notify) -> None:
        self._makes = makes
        self._board = board
        self._notify = notify

    async def tell(self, actor: Actor, mac: str) -> None:
        """Tell a phone.

        Raises NotFound, Conflict if its make has no way or it is not registered,
        AsteriskUnavailable.
        """
        carrier = await carrier_of(mac)
        make = self._makes.find(carrier.primary.phone_make)
        if make is None or not make.check_sync:
            name = carrier.primary.phone_make or "without a make"
            raise Conflict(f"A phone {name} cannot be told to fetch its configuration.")
        number = self._registered(carrier)
        await self._notify(self._board.state_of(number).node, number, make.check_sync)
        await audit.record_done(actor, "phone.resynced", mac, after={"extension": number})

    def _registered(self, carrier: Carrier) -> str:
        for row in carrier.extensions:
            if self._board.state_of(row.number).takes_calls:
                return row.number
        numbers = ", ".join(row.number for row in carrier.extensions)
        raise Conflict(
            f"The phone is not registered: it cannot be told as long as {numbers} is not."
        )
