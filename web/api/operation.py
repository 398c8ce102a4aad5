"""One operation of the API: what the routes are registered from, and what the document tells.

Both come from the same object, so they cannot drift apart.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from aiohttp import web
from pydantic import BaseModel

from pbxbridge.errors import Forbidden
from pbxbridge.services.actor import Actor
from pbxbridge.services.people import Role, TokenScope
from web.access import allow
from web.api.bodies import Body
from web.api.queries import parse_query
from web.middleware.csrf import SAFE_METHODS, audited
from web.portal import SESSION, Portal, actor_of, portal_of

PREFIX = "/api/v1"

Q = TypeVar("Q", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Call(Generic[Q]):
    """A request to an operation, its parameters and body checked for their types.

    ``body`` is what the operation's ``body`` made of it, empty if it takes none.
    """

    request: web.Request
    query: Q
    body: Mapping[str, Any]

    @property
    def portal(self) -> Portal:
        """The services."""
        return portal_of(self.request)

    @property
    def actor(self) -> Actor:
        """Who asks, for the audit."""
        return actor_of(self.request)

    def named(self, parameter: str) -> str:
        """Return what the path says for a parameter."""
        return self.request.match_info[parameter]


@dataclass(frozen=True, slots=True)
class Answer:
    """A success: its model (None: no content), and the headers worth telling of."""

    model: type[BaseModel] | None
    description: str
    headers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation(Generic[Q]):
    """What may be asked, by whom, and what is answered.

    ``name`` is unique. ``path`` is below PREFIX. ``scope`` is what an API token needs; it is WRITE
    whatever is said for a method that writes. ``refusals`` are the statuses beyond those that
    follow from the rest. ``conditional`` is the request header by which a client says what version
    it knows, if the operation heeds one.
    """

    name: str
    method: str
    path: str
    tag: str
    summary: str
    handler: Callable[[Call[Q]], Awaitable[web.Response]]
    roles: tuple[Role, ...]
    answers: Mapping[int, Answer]
    query: type[Q]
    body: Body | None = None
    scope: TokenScope = TokenScope.READ
    refusals: tuple[int, ...] = ()
    conditional: str = ""
    description: str = ""

    @property
    def needed_scope(self) -> TokenScope:
        """The scope that an API token needs."""
        return self.scope if self.method in SAFE_METHODS else TokenScope.WRITE

    def route(self) -> web.RouteDef:
        """Return what registers the operation."""

        @allow(*self.roles)
        async def answer(request: web.Request) -> web.StreamResponse:
            return await self._answer(request)

        # A secret that nobody saw must not be audited as one that was read.
        is_secret = self.method == "GET" and self.needed_scope is TokenScope.WRITE
        options = {"allow_head": False} if is_secret else {}
        if is_secret:
            audited(answer)
        # aiohttp's own default leaves out braces, which a login name may have.
        path = re.sub(r"{(\w+)}", r"{\1:[^/]+}", self.path)
        return web.RouteDef(self.method, PREFIX + path, answer, options)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if self.needed_scope is TokenScope.WRITE and request[SESSION].read_only:
            raise Forbidden("This API token may only read.")
        query = parse_query(self.query, request.query)
        body = await self.body.read(request) if self.body else {}
        return await self.handler(Call(request, query, body))
