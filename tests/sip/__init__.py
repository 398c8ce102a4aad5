"""A SIP phone for tests and the demo: pure asyncio, UDP, G.711 mu-law."""

from .call import Call, CallState
from .demo import run_demo_phone
from .incoming import IncomingCall
from .mwi import MessageSummary
from .outgoing import OutgoingCall
from .phone import Phone
from .policy import Answer, Busy, Decline, Policy, Ring
from .transaction import Timers

__all__ = [
    "Answer",
    "Busy",
    "Call",
    "CallState",
    "Decline",
    "IncomingCall",
    "MessageSummary",
    "OutgoingCall",
    "Phone",
    "Policy",
    "Ring",
    "Timers",
    "run_demo_phone",
]
