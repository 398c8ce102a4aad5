"""Any order of events, lists, cuts and settings ends as one fresh snapshot would show it.

A model Asterisk says what its phones do; its words are delivered late and in pieces, lists are read
amid them, the link is cut and the bridge restarted. Where nothing is registered, the model knows
whether the mirror must remember that Asterisk gave up.
"""

from __future__ import annotations

from collections.abc import Coroutine, Iterator

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from pbxbridge.mirror.address import host_and_port
from pbxbridge.mirror.contact_state import ContactReport
from pbxbridge.mirror.endpoint import EndpointState, Status
from pbxbridge.mirror.mirror import Mirror
from tests.fakes.model_asterisk import GONE, Heard, ModelAsterisk, Word, uri_of
from tests.fakes.recording_watcher import RecordingWatcher
from tests.rig.campaign import times

pytestmark = pytest.mark.campaign

AORS = ("1001", "1003")
PORTS = (5062, 5064)

aors = st.sampled_from(AORS)
ports = st.sampled_from(PORTS)


def run(work: Coroutine[None, None, None]) -> None:
    """Run to its end what waits for nothing but its turn."""
    try:
        while True:
            work.send(None)
    except StopIteration:
        return


def essence(state: EndpointState) -> tuple[Status, str, int]:
    """Return what a screen shows first; a fresh snapshot has no round trip and no last seen."""
    return state.status, state.ip, state.port


def fresh(asterisk: ModelAsterisk, tracked: dict[str, bool]) -> Mirror:
    """Return a mirror that read one list."""
    mirror = Mirror("fresh", RecordingWatcher())
    for aor, monitored in tracked.items():
        mirror.track(aor, monitored)
    mirror.snapshot_begin()
    for word in asterisk.listing():
        mirror.snapshot_item(ContactReport(word.aor, word.uri, word.status))
    run(mirror.snapshot_end())
    return mirror


class MirrorMachine(RuleBasedStateMachine):
    """A mirror, a model of its Asterisk, and what the mirror must have understood."""

    def __init__(self) -> None:
        super().__init__()
        self.tracked = {"1001": True, "1003": False}
        self.asterisk = ModelAsterisk(dict(self.tracked))
        self.heard = {aor: Heard() for aor in AORS}
        self.collected: dict[str, Heard] | None = None
        self.unlisted: Iterator[Word] | None = None
        self.sure_when_begun: set[str] = set()
        self.sure = {"1001"}
        self.up = False
        self.mirror = self.new_mirror()

    def new_mirror(self) -> Mirror:
        self.watcher = RecordingWatcher()
        mirror = Mirror("asterisk", self.watcher)
        for aor, monitored in self.tracked.items():
            mirror.track(aor, monitored)
        return mirror

    # What phones do.

    @rule(aor=aors, port=ports)
    def register(self, aor: str, port: int) -> None:
        if (aor, uri_of(aor, port)) not in self.asterisk.contacts:
            self.asterisk.set(aor, uri_of(aor, port), "NonQualified")

    @rule(aor=aors, old=ports, new=ports, answers=st.booleans())
    def move(self, aor: str, old: int, new: int, answers: bool) -> None:
        contacts = self.asterisk.contacts
        if (aor, uri_of(aor, old)) in contacts and (aor, uri_of(aor, new)) not in contacts:
            self.asterisk.set(aor, uri_of(aor, new), "NonQualified")
            if answers and self.asterisk.qualified[aor]:
                self.asterisk.set(aor, uri_of(aor, new), "Reachable")
            self.asterisk.set(aor, uri_of(aor, old), GONE)

    @rule(aor=aors, port=ports, status=st.sampled_from(["Reachable", "Unreachable"]))
    def be_probed(self, aor: str, port: int, status: str) -> None:
        if self.asterisk.qualified[aor] and (aor, uri_of(aor, port)) in self.asterisk.contacts:
            self.asterisk.set(aor, uri_of(aor, port), status)

    @rule(aor=aors, port=ports)
    def go(self, aor: str, port: int) -> None:
        if (aor, uri_of(aor, port)) in self.asterisk.contacts:
            self.asterisk.set(aor, uri_of(aor, port), GONE)

    # What an administrator does.

    @rule(aor=aors)
    def toggle_monitored(self, aor: str) -> None:
        if aor in self.tracked:
            self.tracked[aor] = not self.tracked[aor]
            self.asterisk.qualified[aor] = self.tracked[aor]
            self.mirror.track(aor, self.tracked[aor])
            self.sure.discard(aor)
            self.sure_when_begun.discard(aor)

    @rule(aor=aors)
    def untrack_or_track(self, aor: str) -> None:
        if self.tracked.pop(aor, None) is None:
            self.tracked[aor] = self.asterisk.qualified[aor]
            self.mirror.track(aor, self.tracked[aor])
        else:
            self.mirror.untrack(aor)
            assert self.watcher.gone[-1] == aor
            self.watcher.states = [one for one in self.watcher.states if one.endpoint != aor]
            self.heard[aor].given_up = None

    # What the link does.

    @precondition(lambda self: not self.asterisk.connected)
    @rule()
    def connect(self) -> None:
        self.asterisk.connected = True
        self.begin_list()

    @precondition(lambda self: self.asterisk.connected)
    @rule()
    def cut(self) -> None:
        self.asterisk.connected = self.up = False
        self.asterisk.wire.clear()
        self.collected = self.unlisted = None
        self.mirror.link_down("cut")
        self.forget_untracked()

    @precondition(lambda self: not self.asterisk.connected)
    @rule()
    def restart_the_bridge(self) -> None:
        states = [self.mirror.state_of(aor) for aor in self.tracked]
        self.mirror = self.new_mirror()
        run(self.mirror.restore(states))
        self.heard = {aor: Heard() for aor in AORS}
        for state in states:
            if state.status in {Status.UNREACHABLE, Status.UNKNOWN}:
                self.heard[state.endpoint].given_up = uri_of(state.endpoint, state.port)
        self.sure = {aor for aor, monitored in self.tracked.items() if monitored}

    @precondition(lambda self: self.up and self.collected is None)
    @rule()
    def look_again(self) -> None:
        self.deliver(len(self.asterisk.wire))
        self.begin_list()

    @rule(count=st.integers(1, 5))
    def list_on(self, count: int) -> None:
        for _ in range(count if self.unlisted is not None else 0):
            assert self.unlisted is not None
            word = next(self.unlisted, None)
            self.asterisk.wire.append(word)
            if word is None:
                self.unlisted = None
                return

    @rule(count=st.integers(1, 8), flush=st.booleans())
    def deliver(self, count: int, flush: bool = True) -> None:
        for _ in range(min(count, len(self.asterisk.wire))):
            word = self.asterisk.wire.pop(0)
            if word is None:
                self.end_list()
            else:
                self.take(word)
        if flush:
            self.flush()

    def flush(self) -> None:
        self.mirror.flush()
        self.forget_untracked()

    def begin_list(self) -> None:
        self.mirror.snapshot_begin()
        self.collected = {aor: Heard() for aor in AORS}
        self.unlisted = self.asterisk.listing()
        self.sure_when_begun = {aor for aor in AORS if self.asterisk.qualified[aor]}

    def take(self, word: Word) -> None:
        report = ContactReport(word.aor, word.uri, word.status)
        (self.mirror.snapshot_item if word.listed else self.mirror.contact_changed)(report)
        if self.collected is not None:
            self.collected[word.aor].take(word)
        if not word.listed and (self.up or self.collected is None):
            self.heard[word.aor].take(word)

    def end_list(self) -> None:
        assert self.collected is not None
        run(self.mirror.snapshot_end())
        for aor, listed in self.collected.items():
            if not self.keeps(aor):
                self.heard[aor] = self.heard[aor].replaced_by(listed)
        self.sure |= {aor for aor in self.sure_when_begun if self.asterisk.qualified[aor]}
        self.collected = None
        self.up = True
        self.mirror.link_up()
        self.forget_untracked()

    def keeps(self, aor: str) -> bool:
        """Whether events say more of an AOR than any list."""
        said = set(self.heard[aor].contacts.values())
        by_events = self.tracked.get(aor, False) and aor in self.sure and self.up
        return by_events and bool(said) and said <= {"Reachable", "Unreachable"}

    def forget_untracked(self) -> None:
        for aor in AORS:
            if aor not in self.tracked:
                self.heard[aor].given_up = None

    # What must hold.

    @invariant()
    def what_is_followed_by_events_is_right_once_all_was_delivered(self) -> None:
        if not self.up or self.asterisk.wire or self.collected is not None:
            return
        self.flush()
        expected = fresh(self.asterisk, self.tracked)
        for aor, monitored in self.tracked.items():
            if monitored and aor in self.sure:
                self.compare(aor, expected)

    def compare(self, aor: str, expected: Mirror) -> None:
        shown = essence(self.mirror.state_of(aor))
        wanted = essence(expected.state_of(aor))
        if wanted[0] is Status.BLANK and (uri := self.heard[aor].given_up):
            wanted = (Status.UNKNOWN, *host_and_port(uri))
        # Which of equally good contacts is the newest is nothing that a list would say.
        right = {wanted, *((wanted[0], *host_and_port(uri)) for uri in self.asterisk.best(aor))}
        assert shown in right, f"{aor}: {self.heard[aor]}"

    def teardown(self) -> None:
        """Read one list while nothing else happens."""
        if not self.asterisk.connected:
            self.connect()
        for _ in range(2):  # the first may have been begun before the last that happened
            self.list_on(100)
            self.deliver(len(self.asterisk.wire))
            if self.collected is None:
                self.begin_list()
        self.list_on(100)
        self.deliver(len(self.asterisk.wire))
        expected = fresh(self.asterisk, self.tracked)
        for aor in self.tracked:
            self.compare(aor, expected)
        told = {state.endpoint: state for state in self.watcher.states}
        for aor in set(told) & set(self.tracked):
            assert told[aor] == self.mirror.state_of(aor)


TestMirrorMachine = MirrorMachine.TestCase
TestMirrorMachine.settings = settings(
    max_examples=times(4000, 250),
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
