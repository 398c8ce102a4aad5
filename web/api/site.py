"""What a program reads of the site, and of the person for whom it acts."""

from __future__ import annotations

from aiohttp import web

from pbxbridge.services.api_tokens import scope_of
from pbxbridge.services.people import TokenScope
from web.api.answers import (
    ClassesOfService,
    ClassOfService,
    Extension,
    Licences,
    Me,
    answer,
)
from web.api.operation import Call
from web.api.queries import NoQuery
from web.own_extensions import own_extensions
from web.portal import SESSION


async def list_classes_of_service(call: Call[NoQuery]) -> web.Response:
    """Answer all classes of service."""
    names = await call.portal.extensions.classes_of_service()
    return answer(ClassesOfService(items=[ClassOfService(name=name) for name in names]))


async def read_licences(call: Call[NoQuery]) -> web.Response:
    """Answer how many licences are used."""
    return answer(Licences.model_validate(await call.portal.extensions.licences()))


async def read_me(call: Call[NoQuery]) -> web.Response:
    """Answer who asks."""
    session = call.request[SESSION]
    return answer(
        Me(
            login=session.login,
            role=session.role,
            scope=TokenScope.READ if session.read_only else scope_of(session.role),
            extensions=[
                Extension.model_validate(view) for view in await own_extensions(call.request)
            ],
        )
    )
