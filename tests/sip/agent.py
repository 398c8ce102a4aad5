"""What the calls of a phone share: identity, transaction layer, task owner."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .address import NameAddr, SipUri
from .digest import Credentials, answer_challenge
from .endpoint import SipEndpoint
from .message import Headers, Message, Request, Response
from .udp import Address
from .watch import Tasks

ALLOW = "INVITE, ACK, CANCEL, BYE, OPTIONS, NOTIFY, INFO"
USER_AGENT = "pbxbridge test phone"


@dataclass
class Agent:
    """The user agent core; `outbound` is where requests outside a dialog go.

    `claimed` is what Contact says of a phone that does not know its real address.
    """

    user: str
    credentials: Credentials
    display_name: str
    domain: str
    endpoint: SipEndpoint
    tasks: Tasks
    outbound: Address
    claimed: Address | None = None

    @property
    def aor(self) -> NameAddr:
        """The address of record: From of every request, To of a REGISTER."""
        return NameAddr(str(SipUri(self.domain, self.user)), self.display_name)

    @property
    def contact(self) -> NameAddr:
        """Where this phone can be reached now."""
        host, port = self.claimed or self.endpoint.address
        return NameAddr(str(SipUri(host, self.user, port)))

    def request(
        self, method: str, uri: str, *, from_: NameAddr, to: NameAddr, call_id: str, cseq: int
    ) -> Request:
        """A request with the headers that each must have, but Via, which the endpoint adds."""
        headers = Headers(
            [
                ("Max-Forwards", "70"),
                ("From", str(from_)),
                ("To", str(to)),
                ("Call-ID", call_id),
                ("CSeq", f"{cseq} {method}"),
                ("Contact", str(self.contact)),
                ("User-Agent", USER_AGENT),
            ]
        )
        return Request(method, uri, headers=headers)

    async def send(
        self, request: Request, destination: Address, next_cseq: Callable[[], int]
    ) -> Response:
        """The final response; a challenge is answered once and never again."""
        response = await self.endpoint.transaction(request, destination).run()
        if response.status not in (401, 407):
            return response
        retry = answer_challenge(request, response, self.credentials, next_cseq())
        if retry is None:
            return response
        return await self.endpoint.transaction(retry, destination).run()


def attach_sdp(message: Message, sdp: bytes) -> None:
    """Make a session description the body of the message."""
    message.headers.set("Content-Type", "application/sdp")
    message.body = sdp
