"""A browser's view of the portal, without the browser."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient
from aiohttp.web import Application, Request

from web.cookies import csrf_token, session_cookie_name

Client = TestClient[Request, Application]


class Visitor:
    """Asks the portal as a browser does; as htmx does where ``htmx`` is set."""

    def __init__(self, client: Client, token: str = "", *, secure: bool = False) -> None:
        self.client = client
        self.token = token
        self._secure = secure

    @property
    def cookies(self) -> dict[str, str]:
        """The session's cookie, if there is a session."""
        return {session_cookie_name(secure=self._secure): self.token} if self.token else {}

    @property
    def csrf(self) -> str:
        """The token that the pages of this session hold."""
        return csrf_token(self.token)

    async def get(
        self, path: str, *, htmx: bool = False, headers: Mapping[str, str] | None = None
    ) -> ClientResponse:
        return await self._ask("GET", path, htmx, headers or {}, None)

    async def post(
        self,
        path: str,
        fields: Mapping[str, str] | None = None,
        *,
        htmx: bool = False,
        headers: Mapping[str, str] | None = None,
    ) -> ClientResponse:
        """Send a form of a page of the portal, with its CSRF token."""
        form = ({"csrf": self.csrf} if self.token else {}) | dict(fields or {})
        origin = str(self.client.make_url("/").origin())
        return await self._ask("POST", path, htmx, {"Origin": origin, **(headers or {})}, form)

    async def _ask(
        self, method: str, path: str, htmx: bool, headers: Mapping[str, str], data: Any
    ) -> ClientResponse:
        kind = {"HX-Request": "true"} if htmx else {"Accept": "text/html"}
        return await self.client.request(
            method,
            path,
            headers={**kind, **headers},
            data=data,
            cookies=self.cookies,
            allow_redirects=False,
        )
