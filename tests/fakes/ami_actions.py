"""Carries AMI actions nowhere, remembers them, and answers as the test says."""

from __future__ import annotations

from collections.abc import Mapping

from pbxbridge.asterisk.ami_message import AmiResponse


class AmiActions:
    """``sent`` is what was asked for, shortened to what tells one action from another.

    ``stored`` is what DBGet finds by key, ``refused`` the errors by action, ``listed`` the items of
    lists by action; all else succeeds.
    """

    def __init__(self) -> None:
        self.sent: list[tuple[str, ...]] = []
        self.stored: dict[str, str] = {}
        self.refused: dict[str, str] = {}
        self.listed: dict[str, list[Mapping[str, str]]] = {}

    async def action(self, name: str, /, **fields: str) -> AmiResponse:
        """Remember an action and answer it."""
        if name == "DBGet":
            found = self.stored.get(fields["Key"])
            return _answer(*([{"Event": "DBGetResponse", "Val": found}] if found else []))
        self.sent.append((name, *(fields[key] for key in fields if key not in _USUAL)))
        if name in self.refused:
            return AmiResponse({"Response": "Error", "Message": self.refused[name]})
        return _answer(*self.listed.get(name, ()))

    def taken(self) -> list[tuple[str, ...]]:
        """Return what was sent so far, and forget it."""
        sent, self.sent = self.sent, []
        return sent


_USUAL = frozenset({"StateInterface", "Family"})


def _answer(*items: Mapping[str, str]) -> AmiResponse:
    return AmiResponse({"Response": "Success"}, tuple(dict(item) for item in items))
