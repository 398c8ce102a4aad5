"""What a real Asterisk said of phones, step by step, and what the mirror shows after each.

The recordings are made by `python -m tests.asterisk.record_events`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ami_handlers import HANDLERS
from pbxbridge.asterisk.ami_message import action_id, event_name, headers_of
from pbxbridge.asterisk.contact_snapshot import contact_report
from pbxbridge.asterisk.event_reader import EventReader
from pbxbridge.events import Technology
from pbxbridge.mirror.mirror import Mirror
from tests.fakes.recording_watcher import RecordingWatcher

FOLDER = Path(__file__).parent / "recorded"
CONTACTS = "PJSIPShowRegistrationInboundContactStatuses"
NOTHING = ("", "", 0)
LOOPBACK = "127.0.0.1"


def ok(port: int) -> tuple[str, str, int]:
    return "OK", LOOPBACK, port


def unreachable(port: int) -> tuple[str, str, int]:
    return "UNREACHABLE", LOOPBACK, port


def unknown(port: int) -> tuple[str, str, int]:
    return "UNKNOWN", LOOPBACK, port


def unmonitored(port: int) -> tuple[str, str, int]:
    return "UNMONITORED", LOOPBACK, port


# Of each recording: the endpoint, then state, IP and port after each step.
TABLE = {
    ("sip", "1001"): {
        "connected": NOTHING,
        "registered": ok(40001),
        "silent": unreachable(40001),
        "answers again": ok(40001),
        "moved to a new port": ok(40002),
        "both lists": ok(40002),
        "un-registered": NOTHING,
        "registered anew": ok(40002),
        "silent once more": unreachable(40002),
        "expired": unknown(40002),
    },
    ("two_contacts", "1005"): {
        "connected": NOTHING,
        "registered": ok(40001),
        "a second phone": ok(40002),
        "the second is silent": ok(40001),
        "the second answers": ok(40002),
        "the first un-registered": ok(40002),
        "both un-registered": NOTHING,
    },
    ("nat", "1006"): {
        "connected": NOTHING,
        "registered": ok(40001),
        "listed": ok(40001),
    },
    ("unmonitored", "1002"): {
        "connected": NOTHING,
        "registered": NOTHING,  # no event tells of it
        "listed": unmonitored(40001),
        "un-registered": unmonitored(40001),
        "listed again": NOTHING,
    },
    ("restart", "1003"): {
        "connected": NOTHING,
        "registered": ok(40001),
        "restarted": ok(40001),
        "probed": ok(40001),
    },
    ("restart", "1004"): {
        "connected": NOTHING,
        "registered": ok(40002),
        "restarted": unknown(40002),
        "probed": unreachable(40002),
    },
    ("iax2", "2001"): {
        "connected": NOTHING,
        "registered": unknown(0),
        "listed": ok(40001),
        "silent": unreachable(40001),
        "answers again": ok(40001),
        "silent once more": unreachable(40001),
        "expired": unknown(40001),
        "listed without an address": unknown(40001),
    },
}


def steps(name: str) -> Iterator[tuple[str, list[str]]]:
    """Give the steps of a recording: what each is called, and what was said in it."""
    text = (FOLDER / f"{name}.ami").read_text(encoding="utf-8")
    for step in text.split("== ")[1:]:
        title, _, said = step.partition("\n")
        yield title, [one.replace("\n", "\r\n") for one in said.split("\n\n") if one]


async def hear(mirror: Mirror, message: str) -> None:
    """Have the mirror hear a message, as the link would."""
    name, answers = event_name(message), action_id(message)
    if answers == CONTACTS and not name:
        mirror.snapshot_begin()
    elif name == "ContactStatusDetail":
        mirror.snapshot_item(contact_report(headers_of(message)))
    elif name == "PeerlistComplete":
        await mirror.snapshot_end()
        mirror.link_up()
    elif (handler := HANDLERS.get(name)) is not None:
        EventReader(handler).handle(message, mirror)


@pytest.mark.parametrize(("name", "endpoint"), TABLE)
async def test_each_step_shows_what_is_so(name: str, endpoint: str) -> None:
    mirror = Mirror("asterisk", RecordingWatcher())
    technology = Technology.IAX2 if name == "iax2" else Technology.PJSIP
    mirror.track(endpoint, name != "unmonitored", technology)
    shown = {}
    for step, said in steps(name):
        if step == "restarted":
            mirror.link_down("Asterisk was started anew.")
        for message in said:
            await hear(mirror, message)
        mirror.flush()
        state = mirror.state_of(endpoint)
        shown[step] = (str(state.status), state.ip, state.port)
    assert shown == TABLE[name, endpoint]
