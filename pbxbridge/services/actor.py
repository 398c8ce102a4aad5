"""Who asks for a change."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Actor:
    """A person and where they come from, for the audit: a login name and an IP address."""

    login: str
    address: str


# Whoever may run the program on this machine; the audit shows it instead of a login.
CONSOLE = Actor("console", "")
# What the bridge does by itself, because somebody has set it to.
BRIDGE = Actor("bridge", "")
