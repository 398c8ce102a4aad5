"""Carries AMI actions to any node, whoever listens to it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Container, Iterator, Mapping
from contextlib import contextmanager
from functools import partial

from pbxbridge.asterisk.ami import AmiLink
from pbxbridge.asterisk.ami_connection import open_connection
from pbxbridge.asterisk.ami_login import login
from pbxbridge.asterisk.ami_message import AmiResponse
from pbxbridge.asterisk.notices import Link
from pbxbridge.settings import NodeSettings

ANSWER_SECONDS = 10.0


class _NodeLink:
    """Carries actions to one node."""

    def __init__(self, action: Callable[..., Awaitable[AmiResponse]]) -> None:
        self._action = action

    async def action(self, name: str, /, **fields: str) -> AmiResponse:
        """Have Asterisk do something and return its answer."""
        return await self._action(name, **fields)


class NodeLinks:
    """The AMI links of this bridge by node; to the other nodes it connects for each action."""

    def __init__(self, settings: Mapping[str, NodeSettings]) -> None:
        self._settings = settings
        self._own: dict[str, AmiLink] = {}

    @property
    def own(self) -> Container[str]:
        """The nodes that this bridge listens to at the moment."""
        return self._own

    @contextmanager
    def keeping(self, node: str, link: AmiLink) -> Iterator[None]:
        """Send the node's actions through this link, for the length of the block."""
        self._own[node] = link
        try:
            yield
        finally:
            del self._own[node]

    def to(self, node: str) -> Link:
        """Return what carries actions to a node, the first one if ``node`` is empty."""
        return _NodeLink(partial(self._action, node or next(iter(self._settings))))

    async def _action(self, node: str, name: str, /, **fields: str) -> AmiResponse:
        if link := self._own.get(node):
            return await link.action(name, **fields)
        settings = self._settings[node]
        async with open_connection(settings.host, settings.ami_port, ANSWER_SECONDS) as connection:
            await login(connection, settings, events="off")
            return await connection.action(name, **fields)
