"""What the status words of the Extensions screen mean, for tooltips and the legend."""

from pbxbridge.mirror.endpoint import Status

_HINTS = {
    Status.OK: "The device is registered and answers. Its IP address and port are shown.",
    Status.UNREACHABLE: (
        "The device was registered, but does not answer any more: look at the device and its "
        "network."
    ),
    Status.UNKNOWN: (
        "Nothing is known now: the device was unreachable and Asterisk gave up, or it has "
        "registered and was not yet asked."
    ),
    Status.UNMONITORED: (
        "The device is deliberately not asked whether it is there. It can be called; if it does "
        "not answer in time, the call fails."
    ),
    Status.BLANK: (
        "No device is registered: it may be off, unplugged, or not set up for this extension."
    ),
}


def status_hint(status: Status) -> str:
    """Return a sentence on what the status means and what to do."""
    return _HINTS[status]
