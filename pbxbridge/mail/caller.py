"""Who left a message, as a mail shows it. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pbxbridge.mail.new_mail import one_line

# What networks, gateways and phones send for a number that is hidden (RFC 3323, 4.1.1.3 and the
# words of common carriers), and for one that they do not know.
WITHHELD = frozenset(
    {"anonymous", "private", "private number", "restricted", "withheld", "anonym", "unterdrückt"}
)
UNKNOWN = frozenset({"unknown", "unavailable", "unbekannt", "n/a"})

# Of a phone number only what can be dialled anywhere: neither codes (* and #) nor names.
_DIALLABLE = re.compile(r"\+?[0-9]{2,20}")
# Where mail programs see a link although nobody made one: www.evil.example, https://, \\host; the
# others are the full stops that a domain name may have, too (UTS 46).
_LINK_JOINT = re.compile(r"(?<=\w)[.\u3002\uff0e\uff61](?=\w)|[/\\](?=[/\\])")


@dataclass(frozen=True, slots=True)
class Caller:
    """A caller's name and number, each empty if unknown, and safe as one line of text.

    ``withheld`` says that nothing is known because somebody wants it so.
    """

    name: str
    number: str
    withheld: bool

    def __str__(self) -> str:
        """Return ``Alice <1001>``, what there is of it, or nothing."""
        if self.name and self.number:
            return f"{self.name} <{self.number}>"
        return self.name or self.number

    @property
    def diallable(self) -> str:
        """The number if a phone can dial it, for a link: digits, perhaps with a plus before."""
        return self.number if _DIALLABLE.fullmatch(self.number) else ""


def caller_of(name: str, number: str) -> Caller:
    """Return who calls by what their side sent, which may be anything."""
    lines = one_line(name), one_line(number)
    words = {line.casefold().strip("<>") for line in lines}
    shown_name, shown_number = map(_shown, lines)
    if shown_name == shown_number:
        shown_name = ""
    nobody = not (shown_name or shown_number)
    return Caller(shown_name, shown_number, withheld=nobody and not words.isdisjoint(WITHHELD))


def _shown(line: str) -> str:
    if line.casefold().strip("<>") in WITHHELD | UNKNOWN:
        return ""
    return _LINK_JOINT.sub(r"\g<0> ", line)
