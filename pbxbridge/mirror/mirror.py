"""The mirror: what Asterisk says of every endpoint now, told to the bus when it changes.

Fed in the order of Asterisk's own stream. A snapshot is collected beside the present view and
takes its place at once, so nobody sees a half-read list. While the link is down the last states
stay, and ``link`` says that they are old and since when.

Events alone are not enough: of an AOR that was made after Asterisk started and is not qualified,
Asterisk 22 tells nothing (pjsip_options.c knows it not). Such AORs live by snapshots. What else
events leave out is in ``questions``, for whoever can ask.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial

from pbxbridge.events import (
    EndpointStateChanged,
    EventBus,
    LinkChanged,
    MailboxChanged,
    Technology,
)
from pbxbridge.mirror.contact_state import (
    ContactReport,
    Contacts,
    contacts_after,
    is_given_up,
    with_user_agent,
)
from pbxbridge.mirror.endpoint import EndpointState, Status
from pbxbridge.mirror.leaving import Leaving
from pbxbridge.mirror.peer_state import (
    PeerListing,
    PeerReport,
    contacts_after_listing,
    contacts_after_report,
)
from pbxbridge.mirror.questions import Questions, unprobed
from pbxbridge.mirror.registrations import Change, Name, Registrations
from pbxbridge.mirror.tracked import Tracked, shown


@dataclass(frozen=True, slots=True)
class LinkState:
    """Whether the states are fresh, since when (UTC), and when they are not: why."""

    up: bool
    since: datetime
    reason: str = ""


class Mirror:
    """Holds what is registered, and the state of every tracked endpoint.

    An endpoint and its AOR or IAX2 peer have the same name, the extension's number. Contacts of
    AORs that are not tracked are remembered in silence: a phone may register before its extension
    is tracked. ``questions`` are for the link that feeds the mirror.
    """

    def __init__(self, bus: EventBus) -> None:
        self._bus = bus
        self._tracked: dict[str, Tracked] = {}
        self._states: dict[str, EndpointState] = {}
        self._numbers: dict[Status, set[str]] = {status: set() for status in Status}
        self._registrations = Registrations()
        self._leaving = Leaving()
        self.questions = Questions()
        self._waited_for_probe: set[str] = set()
        self._link = LinkState(False, datetime.now(UTC), "Not connected to Asterisk yet.")

    @property
    def link(self) -> LinkState:
        """Whether what the mirror shows is fresh."""
        return self._link

    def state_of(self, number: str) -> EndpointState:
        """Return an endpoint's state; blank if it is not tracked."""
        return self._states.get(number) or EndpointState(number)

    def numbers_with(self, status: Status) -> Set[str]:
        """Return the tracked endpoints that are in this state.

        It is no copy, which 100,000 would take long to make: it goes on following the states.
        """
        return self._numbers[status]

    def track(
        self, number: str, monitored: bool, technology: Technology = Technology.PJSIP
    ) -> None:
        """Follow an endpoint; ``monitored`` says whether Asterisk qualifies it."""
        if technology is not Technology.IAX2:
            self._registrations.forget((Technology.IAX2, number))
        self._numbers[self.state_of(number).status].add(number)
        self._tracked[number] = Tracked(monitored, technology)
        self._update(number)

    def track_all(
        self,
        monitored: Mapping[str, bool],
        technologies: Mapping[str, Technology] | None = None,
    ) -> None:
        """Follow exactly these endpoints; ``technologies`` names those that are not PJSIP."""
        for number in self._tracked.keys() - monitored.keys():
            self.untrack(number)
        for number, is_monitored in monitored.items():
            self.track(number, is_monitored, (technologies or {}).get(number, Technology.PJSIP))

    def untrack(self, number: str) -> None:
        """Stop following an endpoint, which is gone."""
        self._numbers[self.state_of(number).status].discard(number)
        self._tracked.pop(number, None)
        self._states.pop(number, None)
        self.questions.drop(number)
        # Unlike an AOR's, whose device may have registered just before its extension is tracked.
        self._registrations.forget((Technology.IAX2, number))

    def contacts_forgotten(self, aor: str) -> None:
        """Take note that Asterisk was told to forget the contacts that this AOR has now.

        It goes on listing them for some seconds; a later extension of that number has none of it.
        """
        name = (Technology.PJSIP, aor)
        self._leaving.add(aor, self._registrations.of(name))
        self._registrations.forget(name)
        self._update_if(*name)

    def contact_changed(self, report: ContactReport) -> None:
        """Take in an event: what Asterisk says of one SIP contact from now on."""
        if self._leaving.hides(report):
            return
        self._change((Technology.PJSIP, report.aor), partial(contacts_after, report=report))

    def peer_changed(self, report: PeerReport) -> None:
        """Take in an event: what Asterisk says of one IAX2 peer from now on."""
        change = partial(contacts_after_report, report=report)
        self._change((Technology.IAX2, report.peer), change)

    def peer_listed(self, listing: PeerListing) -> None:
        """Take in one item of the list of IAX2 peers, in a snapshot or outside of one."""
        change = partial(contacts_after_listing, listing=listing)
        self._change((Technology.IAX2, listing.peer), change)

    def user_agent_told(self, aor: str, uri: str, user_agent: str) -> None:
        """Take in what the device at a contact calls itself."""
        change = partial(with_user_agent, uri=uri, user_agent=user_agent)
        self._change((Technology.PJSIP, aor), change)

    def wants_snapshot(self) -> bool:
        """Whether endpoints are tracked whose changes events may not tell.

        One that waits to be probed counts if it waited when this was last asked too: the probe is
        asked for at once, and a list costs Asterisk seconds where there are 10,000 AORs.
        """
        waiting, all_told = set(), True
        for number, tracked in self._tracked.items():
            if tracked.technology is Technology.PJSIP:
                all_told = all_told and tracked.monitored
                if unprobed(self._registrations.of((Technology.PJSIP, number))):
                    waiting.add(number)
        waits_on = not waiting.isdisjoint(self._waited_for_probe)
        self._waited_for_probe = waiting
        return self._leaving.lapse() or waits_on or not all_told

    def snapshot_begin(self) -> None:
        """Collect a new view, in which events that come amid the lists take effect too."""
        self._registrations.begin()

    def snapshot_item(self, report: ContactReport) -> None:
        """Take in one item of the list of SIP contacts; ignored outside of a snapshot."""
        if self._leaving.hides(report):
            return
        change = partial(contacts_after, report=report)
        self._registrations.collect((Technology.PJSIP, report.aor), change)

    def snapshot_end(self) -> None:
        """Put the collected view in the place of the present one.

        While the link is up that leaves out those of which events say more than any list, such as
        whether a contact that is gone was given up.
        """
        if not self._link.up:
            self.questions.forget()
        for technology, number in self._registrations.end(self._knows_better):
            self._update_if(technology, number)

    def link_up(self) -> None:
        """Say that the view is fresh: a snapshot was taken and events follow."""
        if not self._link.up:
            self._set_link(LinkState(True, datetime.now(UTC)))

    def link_down(self, reason: str) -> None:
        """Say that the view is old from now on; ``reason`` is a sentence for the screen."""
        self._registrations.abandon()
        self.questions.forget()
        if self._link.up:
            self._set_link(LinkState(False, datetime.now(UTC), reason))
        elif self._link.reason != reason:
            self._set_link(LinkState(False, self._link.since, reason))

    def mailbox_changed(self, mailbox: str, context: str) -> None:
        """Tell that the messages of a mailbox changed."""
        self._bus.publish(MailboxChanged(mailbox, context))

    def _change(self, name: Name, change: Change) -> None:
        self._registrations.collect(name, change)
        if not self._registrations.collecting or self._link.up:
            self._registrations.change(name, change)
            self._update_if(*name)

    def _update_if(self, technology: Technology, number: str) -> None:
        tracked = self._tracked.get(number)
        if tracked and tracked.technology is technology:
            self._update(number)
        elif is_given_up(self._registrations.of((technology, number))):
            # The last of an extension that is gone, which a later one must not start with.
            self._registrations.forget((technology, number))

    def _update(self, number: str) -> None:
        tracked = self._tracked[number]
        contacts = self._registrations.of((tracked.technology, number))
        before = self.state_of(number)
        state = shown(number, contacts, tracked)
        if tracked.registers:
            state = self._seen(before, state)
        self.questions.review(number, contacts, tracked)
        if state != before:
            self._numbers[before.status].remove(number)
            self._numbers[state.status].add(number)
            self._states[number] = state
            self._bus.publish(EndpointStateChanged(state))

    def _seen(self, before: EndpointState, state: EndpointState) -> EndpointState:
        if state.status is Status.OK:
            return state
        if before.status is not Status.OK:
            return replace(state, last_seen=before.last_seen)
        # What a snapshot says after an outage may be so since the outage began.
        return replace(state, last_seen=datetime.now(UTC) if self._link.up else self._link.since)

    def _knows_better(self, name: Name, collected: Contacts) -> bool:
        """Whether what is known of an AOR or peer stays, whatever a list says."""
        contacts = self._registrations.of(name)
        if not self._link.up or not contacts:
            return False
        technology, number = name
        if technology is Technology.IAX2:
            return is_given_up(contacts) and not collected
        tracked = self._tracked.get(number)
        return tracked is not None and tracked.monitored and not unprobed(contacts)

    def _set_link(self, link: LinkState) -> None:
        self._link = link
        self._bus.publish(LinkChanged(link.up, link.since, link.reason))
