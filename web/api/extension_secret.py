"""The secret of an extension's device: read, or replaced. The service audits both."""

from __future__ import annotations

from aiohttp import web

from pbxbridge.errors import NotFound
from web.api.answers import NewSecret, Secret, answer
from web.api.extensions import has_secret
from web.api.operation import Call
from web.api.preconditions import quoted
from web.api.queries import NoQuery


async def read_secret(call: Call[NoQuery]) -> web.Response:
    """Answer what the device must be told."""
    number, extensions = call.named("number"), call.portal.extensions
    view = await extensions.get(number)
    if not has_secret(view):
        raise NotFound(f"A {view.device_type} extension has no secret.")
    secret = await extensions.secret(call.actor, number)
    if not view.auth_username:
        return answer(Secret(number=number, secret=secret))
    return answer(
        Secret(
            number=number,
            secret=secret,
            auth_username=view.auth_username,
            auth_secret=await extensions.auth_secret(call.actor, number),
        )
    )


async def replace_secret(call: Call[NoQuery]) -> web.Response:
    """Give the device a new random secret."""
    number, extensions = call.named("number"), call.portal.extensions
    secret = await extensions.regenerate_secret(call.actor, number)
    version = (await extensions.get(number)).version
    return answer(NewSecret(number=number, secret=secret), headers={"ETag": quoted(version)})
