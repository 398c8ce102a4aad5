"""The lamp of another extension (BLF): what NOTIFY of the dialog package says (RFC 4235)."""

from __future__ import annotations

import re
import secrets

from .address import NameAddr
from .agent import Agent
from .message import Request

EVENT = "dialog"
CONTENT = "application/dialog-info+xml"
_STATE = re.compile(r"<state>\s*(\w+)\s*</state>")


def lamp_of(body: bytes) -> str:
    """Return the state of the one dialog: ``terminated`` (idle), ``early`` (rings), ``confirmed``.

    Empty if the body says none.
    """
    found = _STATE.search(body.decode("utf-8", "replace"))
    return found[1] if found else ""


def subscription(agent: Agent, uri: str) -> Request:
    """Return the SUBSCRIBE for the state of another extension, for an hour."""
    request = agent.request(
        "SUBSCRIBE",
        uri,
        from_=agent.aor.with_tag(secrets.token_hex(6)),
        to=NameAddr(uri),
        call_id=secrets.token_hex(12),
        cseq=1,
    )
    request.headers.add("Event", EVENT)
    request.headers.add("Accept", CONTENT)
    request.headers.add("Expires", "3600")
    return request
