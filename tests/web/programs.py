"""A program that uses the API for somebody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import ClientResponse

from pbxbridge.services.actor import Actor
from pbxbridge.services.api_tokens import ApiTokens
from pbxbridge.services.people import Role, TokenScope
from tests.db.people import People
from tests.web.visitor import Client

API = "/api/v1"
JSON = "application/json"
PROBLEM = "application/problem+json"


@dataclass(frozen=True)
class Program:
    """Sends JSON with an API token."""

    client: Client
    token: str

    async def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        headers: Mapping[str, str] | None = None,
        raw: bytes | None = None,
    ) -> ClientResponse:
        sent: dict[str, Any] = {"data": raw} if raw is not None else {}
        if body is not None:
            sent = {"json": body}
        return await self.client.request(
            method,
            API + path,
            headers={"Authorization": f"Bearer {self.token}", **(headers or {})},
            allow_redirects=False,
            **sent,
        )

    async def told(self, method: str, path: str, body: object = None, status: int = 200) -> Any:
        """Return the JSON of an answer of that status."""
        answer = await self.ask(method, path, body)
        assert answer.status == status, (method, path, await answer.text())
        return await answer.json(content_type=PROBLEM if status >= 400 else JSON)


async def token_of(
    tokens: ApiTokens, login: str = "admin", scope: TokenScope = TokenScope.WRITE
) -> str:
    """Return a new token of a user."""
    _, token = await tokens.create(Actor(login, "127.0.0.1"), "a test", scope, 1)
    return token


async def add_person(login: str, role: Role) -> None:
    """Add a user who never signs in with a password."""
    await People("no password").add(login, role)
