"""What a box's mails may be like: also for pages and the API, which do not see the models."""

from __future__ import annotations

from functools import cache
from zoneinfo import available_timezones

from pbxbridge.mail.mail_templates import languages
from pbxbridge.models.extension import AfterSending, VoicemailAudio

__all__ = ["LANGUAGES", "AfterSending", "VoicemailAudio", "time_zones"]

# The code and the name in its own language, such as ("de", "Deutsch").
LANGUAGES = languages()

# Names that are no place's: what the machine is set to, and what says that nothing was set.
_NO_PLACES = frozenset({"localtime", "Factory"})


@cache
def time_zones() -> tuple[str, ...]:
    """Return the IANA names of all time zones in order; read once, for it walks a folder."""
    return tuple(sorted(available_timezones() - _NO_PLACES))
