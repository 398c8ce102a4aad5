"""A receiver of webhooks that answers as a test says."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from pbxbridge.settings import WebhookSettings
from pbxbridge.webhook_sender import signature

SECRET = "a secret of the receiver"
TOKEN = "token-in-the-address"


@dataclass
class Receiver:
    """What came, and what is answered: a status each, `hang` for none, then 204 for ever."""

    script: list[int | str] = field(default_factory=list)
    came: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    elsewhere: int = 0
    url: str = ""

    @property
    def taken(self) -> list[dict[str, Any]]:
        """The bodies, each once."""
        return list(dict(self.came).values())

    def settings(self, timeout: float = 5.0) -> WebhookSettings:
        return WebhookSettings(url=self.url, secret=SECRET, timeout=timeout)  # type: ignore[arg-type]

    async def receive(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        headers = request.headers
        expected = signature(SECRET, headers["X-Pbxbridge-Timestamp"], body)
        assert headers["X-Pbxbridge-Signature"] == expected
        answer = self.script.pop(0) if self.script else 204
        if answer == "hang":
            await asyncio.sleep(3600)
        if answer == "endless":
            response = web.StreamResponse()
            await response.prepare(request)
            while True:
                await response.write(b"x" * 65536)
        if isinstance(answer, int) and 200 <= answer < 300:
            self.came.append((headers["X-Pbxbridge-Id"], json.loads(body)))
        assert isinstance(answer, int)
        location = {"Location": "/elsewhere"} if 300 <= answer < 400 else {}
        return web.Response(status=answer, text=f"all about {SECRET}", headers=location)

    async def not_here(self, _: web.Request) -> web.Response:
        self.elsewhere += 1
        return web.Response()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[Receiver]:
        app = web.Application()
        app.router.add_post("/hook", self.receive)
        app.router.add_route("*", "/elsewhere", self.not_here)
        async with TestServer(app) as server:
            self.url = str(server.make_url(f"/hook?token={TOKEN}"))
            yield self
