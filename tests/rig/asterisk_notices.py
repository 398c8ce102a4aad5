"""What Asterisk is still to be told."""

from __future__ import annotations

from pbxbridge.models.outbox import AsteriskNotice


async def taken_notices() -> list[tuple[str, str]]:
    """Return kind and subject of all that wait, in order of them, and forget them."""
    rows = await AsteriskNotice.all()
    await AsteriskNotice.all().delete()
    return sorted((row.kind.value, row.subject) for row in rows)
