"""A person at the portal without a browser: signs in, reads pages, sends forms."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import aiohttp

NEW_PASSWORD = "a long enough pass phrase"
_CSRF = re.compile(r'name="csrf" value="([^"]+)"')


class PortalClient:
    """One signed-in session."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session
        self._csrf = ""

    @property
    def session_cookie(self) -> str:
        """What a browser would be given to be signed in."""
        return next(cookie.value for cookie in self._session.cookie_jar if cookie.key == "session")

    async def sign_in(self, login: str, one_time_password: str) -> None:
        """Sign in for the first time and choose a password."""
        await self.post("/sign-in", login=login, password=one_time_password)
        await self.page("/password")
        await self.post(
            "/password", current=one_time_password, new=NEW_PASSWORD, repeat=NEW_PASSWORD
        )
        await self.page("/extensions")

    async def page(self, path: str) -> str:
        """Return a page's text, and remember its CSRF token."""
        async with self._session.get(path) as response:
            text = await response.text()
            assert response.status == 200, f"{path}: {response.status}"
        if found := _CSRF.search(text):
            self._csrf = found[1]
        return text

    async def post(self, path: str, **fields: str) -> tuple[int, str]:
        """Send a form as the page's script would; return the status and the answer."""
        data: Mapping[str, str] = {"csrf": self._csrf, **fields}
        async with self._session.post(path, data=data, headers={"HX-Request": "true"}) as response:
            return response.status, await response.text()


@asynccontextmanager
async def portal_client(address: str) -> AsyncIterator[PortalClient]:
    """Talk to the portal at ``address`` for the length of the block."""
    timeout = aiohttp.ClientTimeout(total=30)
    # Cookies of an IP address are kept only by an unsafe jar.
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(address, cookie_jar=jar, timeout=timeout) as session:
        yield PortalClient(session)
