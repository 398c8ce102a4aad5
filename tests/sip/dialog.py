"""The state of one dialog (RFC 3261, section 12)."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from .address import NameAddr, SipUri
from .agent import Agent
from .message import Message, Request, Response
from .udp import Address


@dataclass
class Dialog:
    """Who talks to whom, and how requests inside the dialog find their way.

    `peer` is where the dialog's first message came from: the way to go when a Contact names a
    host that is no IP address, for this phone looks up no names during a call.
    """

    agent: Agent
    call_id: str
    local: NameAddr
    remote: NameAddr
    target: str
    routes: list[str]
    cseq: int
    peer: Address

    @classmethod
    def of_caller(cls, agent: Agent, request: Request, response: Response, peer: Address) -> Dialog:
        """The dialog that a response to our INVITE makes. Raises SipParseError."""
        routes = response.headers.get_list("Record-Route")[::-1]
        target = response.contact.uri if response.contact else request.uri
        local, remote = request.from_, response.to
        return cls(agent, request.call_id, local, remote, target, routes, request.cseq, peer)

    @classmethod
    def of_callee(cls, agent: Agent, request: Request, tag: str, peer: Address) -> Dialog:
        """The dialog that our response with this To tag makes. Raises SipParseError."""
        routes = request.headers.get_list("Record-Route")
        target = request.contact.uri if request.contact else request.from_.uri
        local, remote = request.to.with_tag(tag), request.from_
        return cls(agent, request.call_id, local, remote, target, routes, 0, peer)

    def next_cseq(self) -> int:
        """The number of the next request."""
        self.cseq += 1
        return self.cseq

    def request(self, method: str, *, cseq: int | None = None) -> Request:
        """A request inside the dialog; an ACK takes the number of its INVITE."""
        number = self.next_cseq() if cseq is None else cseq
        request = self.agent.request(
            method,
            self.target,
            from_=self.local,
            to=self.remote,
            call_id=self.call_id,
            cseq=number,
        )
        for route in self.routes:
            request.headers.add("Route", route)
        return request

    def refresh_target(self, message: Message) -> None:
        """Take the Contact of a re-INVITE as the new remote target (RFC 3261, 12.2.2)."""
        if message.contact is not None:
            self.target = message.contact.uri

    def next_hop(self) -> Address:
        """Where the datagrams of this dialog go: the first route, else the remote target."""
        first = NameAddr.parse(self.routes[0]).uri if self.routes else self.target
        return resolve(first, self.peer)


def resolve(uri: str, otherwise: Address) -> Address:
    """The address that a sip: URI names, or the other one when it names a host by name."""
    parsed = SipUri.parse(uri)
    try:
        ipaddress.ip_address(parsed.host)
    except ValueError:
        return otherwise
    return parsed.host, parsed.port or 5060
