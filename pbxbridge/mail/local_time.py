"""A moment as people at a place and of a language say it. Pure, but for the zones it looks up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_time, get_timezone_gmt, get_timezone_name

# Which of a language's countries writes dates and times for it: the day before the month, and 24
# hours, as in the portal.
_LOCALES = {"en": "en_GB"}


@dataclass(frozen=True, slots=True)
class LocalTime:
    """A moment in words; ``at`` is the same with its zone."""

    at: datetime
    date: str
    time: str
    zone: str


def local_time(at: datetime, language: str, *zones: str) -> LocalTime:
    """Tell the moment in the first of the zones that is one (IANA names), else the machine's."""
    local = at.astimezone(_zone(zones))
    locale = Locale.parse(_LOCALES.get(language, language))
    name = get_timezone_name(local, "long", locale=locale)
    offset = get_timezone_gmt(local, "long", locale=locale)
    return LocalTime(
        at=local,
        date=format_date(local, "full", locale),
        time=format_time(local, "short", tzinfo=local.tzinfo, locale=locale),
        zone=name if name == offset else f"{name} ({offset})",
    )


def _zone(names: tuple[str, ...]) -> tzinfo | None:
    for name in names:
        try:
            return ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            # Empty, or of another version of the zones' data: a mail tells the time all the same.
            continue
    return None
