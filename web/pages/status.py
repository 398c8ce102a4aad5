"""What the status words of extensions and trunks mean, for tooltips and the legend."""

from pbxbridge.mirror.endpoint import Status
from pbxbridge.mirror.shown import ShownState

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
# An extension's number has no hyphen.
_TRUNK = "trunk-"
_TRUNK_HINTS = {
    Status.OK: "The carrier answers.",
    Status.UNREACHABLE: "The carrier does not answer: look at its host and port, and the network.",
    Status.UNKNOWN: "Asterisk has not yet asked the carrier whether it is there.",
    Status.UNMONITORED: "The carrier is deliberately not asked whether it is there.",
    Status.BLANK: "Asterisk has not told anything of this trunk yet.",
}


def state_hint(state: ShownState) -> str:
    """Return what the status means and what to do, and from when it is if it is old."""
    hints = _TRUNK_HINTS if state.endpoint.startswith(_TRUNK) else _HINTS
    if state.stale_since is None:
        return hints[state.status]
    node = f"Asterisk {state.node}".strip()
    at = state.stale_since.strftime("%H:%M")
    return f"{hints[state.status]} {node} is not connected: this is how it was at {at} UTC."


def status_hint(status: Status) -> str:
    """Return a sentence on what the status of an extension means and what to do."""
    return _HINTS[status]
