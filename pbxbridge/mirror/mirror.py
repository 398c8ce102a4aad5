"""The mirror: what one Asterisk says of every endpoint now, told to its watcher when it changes.

Fed in the order of Asterisk's own stream. A snapshot is collected beside the present view and
takes its place when it is whole, so nobody sees a half-read list. While the link is down the last
states stay, and ``link`` says that they are old and since when.

Events alone are not enough: of an AOR that was made after Asterisk started and is not qualified,
Asterisk 22 tells nothing (pjsip_options.c knows it not). Such AORs live by snapshots. What else
events leave out is in ``questions``, for whoever can ask.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from pbxbridge.events import Technology
from pbxbridge.mirror.contact_state import (
    CONTACT_WORDS,
    NO_CONTACTS,
    ContactReport,
    contacts_after,
    is_given_up,
    is_probed,
    with_user_agent,
)
from pbxbridge.mirror.endpoint import EndpointState, Status
from pbxbridge.mirror.leaving import Leaving
from pbxbridge.mirror.link_state import LinkState
from pbxbridge.mirror.news import News
from pbxbridge.mirror.peer_state import (
    LISTING_WORDS,
    REPORT_WORDS,
    PeerListing,
    PeerReport,
    contacts_after_listing,
    contacts_after_report,
)
from pbxbridge.mirror.questions import Questions
from pbxbridge.mirror.registrations import Registrations
from pbxbridge.mirror.remembered import contacts_remembered
from pbxbridge.mirror.slices import slices
from pbxbridge.mirror.strange_words import StrangeWords
from pbxbridge.mirror.tracked import TRACKED, Tracked, shown
from pbxbridge.mirror.watcher import MirrorWatcher


class Mirror:
    """Holds what is registered at one node, and the state of every tracked endpoint.

    An endpoint and its AOR or IAX2 peer have the same name, the extension's number. Contacts of
    AORs that are not tracked are remembered in silence: a phone may register before its extension
    is tracked. ``questions`` are for the link that feeds the mirror.

    What events and list items change is told by ``flush()``, each endpoint as it is then; all else
    is told at once. In a storm that spares most of the work.
    """

    def __init__(self, node: str, watcher: MirrorWatcher, since: datetime | None = None) -> None:
        """``since`` is from when on nothing was heard of the node, None for from now on."""
        self._node = node
        self._watcher = watcher
        self._tracked: dict[str, Tracked] = {}
        self._states: dict[str, EndpointState] = {}
        self._changed: list[EndpointState] = []
        self._sip, self._iax = Registrations(), Registrations()
        self._by_technology = {Technology.PJSIP: self._sip, Technology.IAX2: self._iax}
        self._news = News()
        self._leaving = Leaving()
        self._strange = StrangeWords()
        self.questions = Questions()
        self._link = LinkState(False, since or datetime.now(UTC), "Not connected to Asterisk yet.")

    @property
    def link(self) -> LinkState:
        """Whether what the mirror shows is fresh."""
        return self._link

    @property
    def pending(self) -> int:
        """How many endpoints ``flush()`` has to look at."""
        return len(self._news) + len(self._iax.touched)

    def state_of(self, number: str) -> EndpointState:
        """Return an endpoint's state as it was last told; blank if it is not tracked."""
        return self._states.get(number) or EndpointState(number)

    def flush(self) -> None:
        """Tell the watcher what is other than it was last told."""
        for aor, reports in self._news.taken().items():
            for report in reports:
                self._strange.heed(report.status, CONTACT_WORDS)
                self._sip.change(aor, contacts_after, report, fresh=True)
        for technology, registrations in self._by_technology.items():
            if registrations.touched:
                touched, registrations.touched = registrations.touched, {}
                for number in touched:
                    self._update_if(technology, number)
        if self._changed:
            changed, self._changed = self._changed, []
            self._watcher.states_changed(self._node, changed)

    def track(
        self, number: str, monitored: bool, technology: Technology = Technology.PJSIP
    ) -> None:
        """Follow an endpoint; ``monitored`` says whether Asterisk qualifies it."""
        self.flush()
        self._track(number, TRACKED[monitored, technology])
        self.flush()

    async def track_all(
        self,
        monitored: Mapping[str, bool],
        technologies: Mapping[str, Technology] | None = None,
    ) -> None:
        """Follow exactly these endpoints; ``technologies`` names those that are not PJSIP."""
        async for gone in slices(list(self._tracked.keys() - monitored.keys())):
            for number in gone:
                self.untrack(number)
        others = technologies or {}
        async for some in slices(monitored.items()):
            for number, is_monitored in some:
                technology = others.get(number, Technology.PJSIP)
                self._track(number, TRACKED[is_monitored, technology])
            self.flush()

    def untrack(self, number: str) -> None:
        """Stop following an endpoint, which is gone."""
        self.flush()
        known = self._tracked.pop(number, None) is not None
        self._states.pop(number, None)
        self.questions.drop(number)
        # Unlike an AOR's, whose device may have registered just before its extension is tracked.
        self._iax.forget(number)
        if is_given_up(self._sip.of(number)):
            self._sip.forget(number)
        if known:
            self._watcher.untracked(self._node, number)

    async def restore(self, states: Iterable[EndpointState]) -> None:
        """Take in what was last known of tracked endpoints, as if the link had been lost then."""
        async for some in slices(states):
            for state in some:
                tracked = self._tracked.get(state.endpoint)
                if tracked is not None and tracked.registers:
                    registrations = self._by_technology[tracked.technology]
                    registrations.put(state.endpoint, contacts_remembered(state, tracked))
                    self._states[state.endpoint] = state
            self.flush()

    def contacts_forgotten(self, aor: str) -> None:
        """Take note that Asterisk was told to forget the contacts that this AOR has now.

        It goes on listing them for some seconds; a later extension of that number has none of it.
        """
        self.flush()
        self._leaving.add(aor, self._sip.uris(aor))
        self._sip.forget(aor)
        self._sip.touched[aor] = None
        self.flush()

    def contact_changed(self, report: ContactReport) -> None:
        """Take in an event: what Asterisk says of one SIP contact from now on."""
        if self._leaving.contacts and self._leaving.hides(report):
            return
        if self._sip.collecting:
            # Here it matters between which items of the list it comes.
            self._sip.note_amid_list(report.aor, report.uri, gone=report.is_removal)
            self._strange.heed(report.status, CONTACT_WORDS)
            self._sip.change(report.aor, contacts_after, report, fresh=self._link.up)
        else:
            self._news.add(report)

    def peer_changed(self, report: PeerReport) -> None:
        """Take in an event: what Asterisk says of one IAX2 peer from now on."""
        self._strange.heed(report.status, REPORT_WORDS)
        self._iax.change(report.peer, contacts_after_report, report, fresh=self._link.up)

    def peer_listed(self, listing: PeerListing) -> None:
        """Take in one item of the list of IAX2 peers, in a snapshot or outside of one."""
        self._strange.heed(listing.status.partition(" (")[0], LISTING_WORDS)
        self._iax.change(listing.peer, contacts_after_listing, listing, fresh=self._link.up)

    def user_agent_told(self, aor: str, uri: str, user_agent: str) -> None:
        """Take in what the device at a contact calls itself."""
        self.flush()
        # Of the present view even if that is an old one: it is of one contact, wherever that is.
        self._sip.change(aor, with_user_agent, (uri, user_agent), fresh=True)
        self.flush()

    def wants_snapshot(self) -> bool:
        """Whether endpoints are tracked whose changes events may not tell."""
        lapsed, wanted = self._leaving.lapse(), self.questions.list_wanted()
        return lapsed or wanted

    def snapshot_begin(self) -> None:
        """Collect a new view, in which events that come amid the lists take effect too."""
        self.flush()
        self.questions.list_begins()
        for registrations in self._by_technology.values():
            registrations.begin()

    def snapshot_item(self, report: ContactReport) -> None:
        """Take in one item of the list of SIP contacts; ignored outside of a snapshot."""
        if self._leaving.contacts and self._leaving.hides(report):
            return
        self._strange.heed(report.status, CONTACT_WORDS)
        if not self._sip.is_gone(report.aor, report.uri):
            self._sip.collect(report.aor, contacts_after, report)

    async def snapshot_end(self) -> None:
        """Put the collected view in the place of the present one, endpoint by endpoint.

        While the link is up that leaves out those of which events say more than any list. While it
        is down all stays marked as old until ``link_up()``: no half of a view is taken for fresh.
        """
        if not self._link.up:
            self.questions.forget()
        for technology, registrations in self._by_technology.items():
            async for some in slices(registrations.names()):
                for number in some:
                    if not self._knows_better(technology, number):
                        registrations.adopt(number)
                self.flush()
        self.questions.list_ended()
        self._abandon_snapshot()

    def link_up(self) -> None:
        """Say that the view is fresh: a snapshot was taken and events follow."""
        if not self._link.up:
            self._set_link(LinkState(True, datetime.now(UTC)))

    def link_down(self, reason: str) -> None:
        """Say that the view is old from now on; ``reason`` is a sentence for the screen."""
        self.flush()
        self._abandon_snapshot()
        self.questions.forget()
        if self._link.up:
            self._set_link(LinkState(False, datetime.now(UTC), reason))
        elif self._link.reason != reason:
            self._set_link(LinkState(False, self._link.since, reason))

    def mailbox_changed(self, mailbox: str, context: str) -> None:
        """Tell that the messages of a mailbox changed."""
        self._watcher.mailbox_changed(self._node, mailbox, context)

    def _track(self, number: str, tracked: Tracked) -> None:
        if self._tracked.get(number) is tracked:
            return
        if tracked.technology is not Technology.IAX2:
            self._iax.forget(number)
        self._tracked[number] = tracked
        self.questions.track(number, tracked)
        self._update(number, tracked)

    def _abandon_snapshot(self) -> None:
        for registrations in self._by_technology.values():
            registrations.abandon()

    def _update_if(self, technology: Technology, number: str) -> None:
        tracked = self._tracked.get(number)
        if tracked is not None and tracked.technology is technology:
            self._update(number, tracked)
            return
        registrations = self._by_technology[technology]
        if is_given_up(registrations.of(number)):
            # The last of an extension that is gone, which a later one must not start with.
            registrations.forget(number)

    def _update(self, number: str, tracked: Tracked) -> None:
        registrations = self._by_technology.get(tracked.technology)
        contacts = registrations.of(number) if registrations else NO_CONTACTS
        self.questions.review(number, contacts, tracked)
        before = self._states.get(number) or EndpointState(number)
        state = shown(number, contacts, tracked)
        if state.status is not Status.OK and tracked.registers:
            state = state._replace(last_seen=self._last_seen(before))
        if state != before:
            self._states[number] = state
            self._changed.append(state)

    def _last_seen(self, before: EndpointState) -> datetime | None:
        if before.status is not Status.OK:
            return before.last_seen
        # What a snapshot says after an outage may be so since the outage began.
        return datetime.now(UTC) if self._link.up else self._link.since

    def _knows_better(self, technology: Technology, number: str) -> bool:
        """Whether what is known of an AOR or peer stays, whatever a list says."""
        followed = self._link.up and technology is Technology.PJSIP and number in self._tracked
        if not followed or self.questions.may_lack_events(number):
            return False
        return is_probed(self._sip.of(number))

    def _set_link(self, link: LinkState) -> None:
        self.flush()
        self._link = link
        self._watcher.link_changed(self._node, link)
