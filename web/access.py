"""Who may call a handler: every handler says so, and one that does not is called by nobody.

The declarations stand on the handlers; ``middleware/authorize.py`` holds them, and the navigation
shows only what they allow. Roles: ../pbxbridge/models/people.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from aiohttp import web

from pbxbridge.services.people import Role

_ATTRIBUTE = "__access__"

Handler = TypeVar("Handler", bound=Callable[..., object])


@dataclass(frozen=True, slots=True)
class Access:
    """The roles that may call a handler; ``anonymous`` adds those who are not signed in."""

    roles: frozenset[Role]
    anonymous: bool = False


_EVERYBODY = Access(frozenset(Role), anonymous=True)
_ANY_ROLE = Access(frozenset(Role))


def allow(*roles: Role) -> Callable[[Handler], Handler]:
    """Declare that only these roles may call the handler."""
    access = Access(frozenset(roles))

    def declare(handler: Handler) -> Handler:
        return _declared(handler, access)

    return declare


def signed_in(handler: Handler) -> Handler:
    """Declare that whoever is signed in may call the handler, for what is their own."""
    return _declared(handler, _ANY_ROLE)


def public(handler: Handler) -> Handler:
    """Declare that anybody may call the handler."""
    return _declared(handler, _EVERYBODY)


def access_of(route: web.AbstractRoute) -> Access | None:
    """Return what the route's handler declares; None if it declares nothing.

    Files under /static are public: their handler is aiohttp's own.
    """
    if isinstance(route.resource, web.StaticResource):
        return _EVERYBODY
    declared = getattr(route.handler, _ATTRIBUTE, None)
    return declared if isinstance(declared, Access) else None


def _declared(handler: Handler, access: Access) -> Handler:
    setattr(handler, _ATTRIBUTE, access)
    return handler
