"""A mirror that tells everything at once, as if each AMI message came alone."""

from collections.abc import Mapping

from pbxbridge.events import Technology
from pbxbridge.mirror.board import Board
from pbxbridge.mirror.contact_state import ContactReport
from pbxbridge.mirror.mirror import Mirror


class EagerMirror(Mirror):
    """Needs no ``flush()``; whom it tracks, its board follows."""

    def __init__(self, node: str, board: Board) -> None:
        super().__init__(node, board)
        self._board = board

    def track(
        self, number: str, monitored: bool, technology: Technology = Technology.PJSIP
    ) -> None:
        self._board.follow([number])
        super().track(number, monitored, technology)

    async def track_all(
        self,
        monitored: Mapping[str, bool],
        technologies: Mapping[str, Technology] | None = None,
    ) -> None:
        await self._board.follow_only(monitored)
        await super().track_all(monitored, technologies)

    def contact_changed(self, report: ContactReport) -> None:
        super().contact_changed(report)
        self.flush()

    def user_agent_told(self, aor: str, uri: str, user_agent: str) -> None:
        super().user_agent_told(aor, uri, user_agent)
        self.flush()
