"""Files of an administrator's own: templates of mails, makes of phones."""

from __future__ import annotations


class Problem(Exception):
    """Why a file, or a folder, is not used; ``line`` is 0 where there is none to name."""

    def __init__(self, file: str, line: int, reason: str) -> None:
        super().__init__(file, line, reason)
        self.file = file
        self.line = line
        self.reason = reason

    def __eq__(self, other: object) -> bool:
        """Whether they say the same."""
        return isinstance(other, Problem) and self.args == other.args

    def __hash__(self) -> int:
        """Return the same for those that say the same."""
        return hash(self.args)

    def __str__(self) -> str:
        """Return the three as people read them."""
        where = f"{self.file}, line {self.line}" if self.line else self.file
        return f"{where}: {self.reason}"
