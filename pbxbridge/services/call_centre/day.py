"""When a day of the call centre begins: at midnight of its time zone."""

from __future__ import annotations

from datetime import date, datetime, time
from zoneinfo import ZoneInfo


def local(at: datetime, zone: ZoneInfo | None) -> datetime:
    """Return an aware moment as the zone's clocks show it, None for the machine's."""
    return at.astimezone(zone)


def midnight(day: date, zone: ZoneInfo | None) -> datetime:
    """Return when a day begins, as an aware moment.

    Where clocks are put forward at midnight that hour is none; it is then the first moment after.
    """
    start = datetime.combine(day, time.min)
    return start.replace(tzinfo=zone) if zone else start.astimezone()
