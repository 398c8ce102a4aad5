"""Writes the table queue_log as Asterisk does."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pbxbridge.models.realtime import QueueLogEntry


async def logged(
    event: str,
    *data: str,
    queue: str = "sales",
    call: str = "1.1",
    agent: str = "NONE",
    at: datetime | None = None,
    id_: int | None = None,
) -> QueueLogEntry:
    """Write a row; ``at`` is now if it is not said, ``id_`` the next."""
    texts: dict[str, Any] = {
        f"data{place}": text for place, text in enumerate((*data, "", "", "", "", "")[:5], 1)
    }
    given: dict[str, Any] = {} if id_ is None else {"id": id_}
    return await QueueLogEntry.create(
        **given,
        **texts,
        time=at or datetime.now(UTC),
        callid=call,
        queuename=queue,
        agent=agent,
        event=event,
    )


async def entered(call: str, caller: str, *, queue: str = "sales", at: datetime) -> QueueLogEntry:
    """Write that a caller came."""
    return await logged("ENTERQUEUE", "", caller, "1", queue=queue, call=call, at=at)
