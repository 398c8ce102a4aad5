"""The mirror: what Asterisk says of every endpoint now, told to the bus when it changes.

Fed in the order of Asterisk's own stream. A snapshot is collected beside the present view and
takes its place at once, so nobody sees a half-read list. While the link is down the last states
stay, and ``link`` says that they are old and since when.

Events alone are not enough: of an AOR that was made after Asterisk started and is not qualified,
Asterisk 22 tells nothing (pjsip_options.c knows it not). Such AORs live by snapshots.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from pbxbridge.events import EndpointStateChanged, EventBus, LinkChanged, MailboxChanged
from pbxbridge.mirror.contact_state import (
    Contact,
    ContactReport,
    Reach,
    contacts_after,
    endpoint_state,
)
from pbxbridge.mirror.endpoint import EndpointState


@dataclass(frozen=True, slots=True)
class LinkState:
    """Whether the states are fresh, since when (UTC), and when they are not: why."""

    up: bool
    since: datetime
    reason: str = ""


class Mirror:
    """Holds the contacts of every AOR and the state of every tracked endpoint.

    An endpoint and its AOR have the same name, the extension's number. Contacts of AORs that are
    not tracked are remembered in silence: a phone may register before its extension is tracked.
    """

    def __init__(self, bus: EventBus) -> None:
        self._bus = bus
        self._monitored: dict[str, bool] = {}
        self._states: dict[str, EndpointState] = {}
        self._contacts: dict[str, dict[str, Contact]] = {}
        self._snapshot: dict[str, dict[str, Contact]] | None = None
        self._probes: asyncio.Queue[str] = asyncio.Queue()
        self._probes_asked: dict[str, set[str]] = {}
        self._waited_for_probe: set[str] = set()
        self._link = LinkState(False, datetime.now(UTC), "Not connected to Asterisk yet.")

    @property
    def link(self) -> LinkState:
        """Whether what the mirror shows is fresh."""
        return self._link

    def state_of(self, number: str) -> EndpointState:
        """Return an endpoint's state; blank if it is not tracked."""
        return self._states.get(number) or EndpointState(number)

    def track(self, number: str, monitored: bool) -> None:
        """Follow an endpoint; ``monitored`` says whether Asterisk qualifies it."""
        self._monitored[number] = monitored
        self._update(number)

    def track_all(self, monitored: Mapping[str, bool]) -> None:
        """Follow exactly these endpoints."""
        for number in self._monitored.keys() - monitored.keys():
            self.untrack(number)
        for number, is_monitored in monitored.items():
            self.track(number, is_monitored)

    def untrack(self, number: str) -> None:
        """Stop following an endpoint, which is gone."""
        self._monitored.pop(number, None)
        self._states.pop(number, None)

    def contact_changed(self, report: ContactReport) -> None:
        """Take in an event: what Asterisk says of one contact from now on."""
        if self._snapshot is not None:
            _apply(self._snapshot, report)
        if self._snapshot is None or self._link.up:
            _apply(self._contacts, report)
            self._update(report.aor)

    def wants_snapshot(self) -> bool:
        """Whether endpoints are tracked whose changes events may not tell.

        One that waits to be probed counts if it waited when this was last asked too: the probe is
        asked for at once, and a list costs Asterisk seconds where there are 10,000 AORs.
        """
        waiting = {number for number in self._monitored if self._unprobed(number)}
        waits_on = not waiting.isdisjoint(self._waited_for_probe)
        self._waited_for_probe = waiting
        return waits_on or not all(self._monitored.values())

    def snapshot_begin(self) -> None:
        """Collect a new view, in which events that come amid the list take effect too."""
        self._snapshot = {}

    def snapshot_item(self, report: ContactReport) -> None:
        """Take in one item of the list; ignored outside of a snapshot."""
        if self._snapshot is not None:
            _apply(self._snapshot, report)

    def snapshot_end(self) -> None:
        """Put the collected view in the place of the present one.

        While the link is up that concerns only AORs that live by snapshots: of the others the
        events say more, such as whether a contact that is gone was given up.
        """
        collected, self._snapshot = self._snapshot or {}, None
        if not self._link.up:
            self._forget_probes()
        for aor in {*self._contacts, *collected}:
            if self._link.up and self._told_by_events(aor):
                continue
            if aor in collected:
                self._contacts[aor] = collected[aor]
            else:
                del self._contacts[aor]
            self._update(aor)

    def link_up(self) -> None:
        """Say that the view is fresh: a snapshot was taken and events follow."""
        if not self._link.up:
            self._set_link(LinkState(True, datetime.now(UTC)))

    def link_down(self, reason: str) -> None:
        """Say that the view is old from now on; ``reason`` is a sentence for the screen."""
        self._snapshot = None
        self._forget_probes()
        if self._link.up:
            self._set_link(LinkState(False, datetime.now(UTC), reason))
        elif self._link.reason != reason:
            self._set_link(LinkState(False, self._link.since, reason))

    def mailbox_changed(self, mailbox: str, context: str) -> None:
        """Tell that the messages of a mailbox changed."""
        self._bus.publish(MailboxChanged(mailbox, context))

    async def next_unprobed(self) -> str:
        """Wait for a monitored endpoint with a contact that Asterisk has not qualified yet.

        Each such contact is named once, so that whoever asks Asterisk to qualify does not flood.
        """
        while True:
            number = await self._probes.get()
            if self._monitored.get(number) and self._unprobed(number):
                return number

    def _told_by_events(self, aor: str) -> bool:
        return self._monitored.get(aor, False) and aor in self._contacts and not self._unprobed(aor)

    def _update(self, number: str) -> None:
        monitored = self._monitored.get(number)
        if monitored is None:
            return
        state = endpoint_state(number, self._contacts.get(number, {}), monitored=monitored)
        if monitored:
            self._ask_for_probes(number)
        if state != self.state_of(number):
            self._states[number] = state
            self._bus.publish(EndpointStateChanged(state))

    def _unprobed(self, number: str) -> set[str]:
        contacts = self._contacts.get(number, {}).values()
        return {contact.uri for contact in contacts if contact.reach is Reach.UNPROBED}

    def _ask_for_probes(self, number: str) -> None:
        unprobed = self._unprobed(number)
        if unprobed - self._probes_asked.pop(number, set()):
            self._probes.put_nowait(number)
        if unprobed:
            self._probes_asked[number] = unprobed

    def _forget_probes(self) -> None:
        self._probes_asked.clear()
        while not self._probes.empty():
            self._probes.get_nowait()

    def _set_link(self, link: LinkState) -> None:
        self._link = link
        self._bus.publish(LinkChanged(link.up, link.since, link.reason))


def _apply(view: dict[str, dict[str, Contact]], report: ContactReport) -> None:
    if contacts := contacts_after(view.get(report.aor, {}), report):
        view[report.aor] = contacts
    else:
        view.pop(report.aor, None)
