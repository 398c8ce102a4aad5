"""Reports that wait to be taken in together."""

from __future__ import annotations

from pbxbridge.mirror.contact_state import REMOVED, ContactReport


class News:
    """Of each AOR what was said since the last look, in order.

    A contact's next report takes the place of the one before, as what it says is all that holds:
    in a storm most say nothing that lasts. Removed does not, since it means another thing after
    Unreachable.
    """

    def __init__(self) -> None:
        self._by_aor: dict[str, list[ContactReport]] = {}

    def __len__(self) -> int:
        """Tell of how many AORs there is news."""
        return len(self._by_aor)

    def add(self, report: ContactReport) -> None:
        """Keep a report."""
        aor, uri, status, _, _ = report
        reports = self._by_aor.get(aor)
        if reports is None:
            self._by_aor[aor] = [report]
            return
        last = reports[-1]
        if last.uri == uri and REMOVED not in (status, last.status):
            reports[-1] = report
        else:
            reports.append(report)

    def taken(self) -> dict[str, list[ContactReport]]:
        """Take out what there is."""
        taken, self._by_aor = self._by_aor, {}
        return taken
