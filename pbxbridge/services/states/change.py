"""One change of an endpoint's state, as it is kept and told on."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple


class Change(NamedTuple):
    """An endpoint took on another status or address on a node, at ``at`` (UTC).

    ``before`` is the status until then; the words are those of mirror/endpoint.py, Status.
    """

    node: str
    endpoint: str
    before: str
    status: str
    ip: str
    port: int
    at: datetime
