"""Words of a later Asterisk: each is worth one line in the log, and breaks nothing."""

from collections.abc import Container

import structlog

log = structlog.get_logger(__name__)

# Whoever sends more nonsense than that is no Asterisk.
_MOST = 100


class StrangeWords:
    """Remembers what was logged."""

    def __init__(self) -> None:
        self._logged: set[str] = set()

    def heed(self, word: str, known: Container[str]) -> None:
        """Log a word that says how a contact stands and that is not known, once."""
        if word not in known and word not in self._logged and len(self._logged) < _MOST:
            self._logged.add(word)
            log.warning("mirror.strange_word", word=word)
