"""``pbxbridge check``: is everything that the bridge leans on there, and may we use it?"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial

from tortoise import Tortoise
from tortoise.exceptions import BaseORMException

from dialplan.class_of_service import context_of
from dialplan.config_line import FILENAME
from pbxbridge.asterisk.ami_rights import AMI_REMEDY, ami_result
from pbxbridge.asterisk.ari import asterisk_version
from pbxbridge.asterisk.config_check import Stored, asked_for, config_results
from pbxbridge.asterisk.config_reader import read_config
from pbxbridge.check_makes import make_results
from pbxbridge.check_result import Result
from pbxbridge.check_schema import schema_results
from pbxbridge.check_secrets import secrets_result
from pbxbridge.check_templates import template_results
from pbxbridge.check_voicemail import (
    VOICEMAIL_MESSAGES,
    messages_result,
    own_mail_result,
    read_spool,
)
from pbxbridge.errors import AsteriskUnavailable, PbxBridgeError
from pbxbridge.mail.sender import SmtpSender
from pbxbridge.models.call_centre import CallQueue
from pbxbridge.models.calling import Trunk
from pbxbridge.models.database import open_database, sqlite_path
from pbxbridge.models.realtime import IaxFriend, StaticConfigRow
from pbxbridge.settings import NodeSettings, Settings
from pbxbridge.site import sip_secrets_of

DATABASE_SECONDS = 30.0


async def check_all(settings: Settings) -> list[Result]:
    """Check the database, its tables, Asterisk by AMI and ARI, and SMTP, each for itself."""
    results, stored = await _check_database(settings)
    results += await check_asterisk(settings, stored)
    for name, node in settings.by_node().items():
        result = await _attempt(
            "ARI",
            partial(_check_ari, node),
            "Compare PBXBRIDGE_ASTERISK__ARI_* with ari.conf (read_only = no) and http.conf "
            "(enabled = yes).",
        )
        results.append(_of_node(settings, name, result))
    results.append(
        await _attempt(
            "SMTP",
            lambda: _check_smtp(settings),
            "Compare PBXBRIDGE_SMTP__* with what the mail server's operator gave you.",
        )
    )
    if settings.voicemail.store == "spool":
        results.append(
            await _attempt(
                "voicemail spool",
                partial(read_spool, settings.voicemail),
                "Set PBXBRIDGE_VOICEMAIL__SPOOL to Asterisk's voicemail folder, and let the "
                "bridge's user read and delete there.",
            )
        )
    results += template_results(settings.voicemail.templates)
    results += make_results(settings.phones.makes)
    return results


async def _check_database(settings: Settings) -> tuple[list[Result], Stored | None]:
    """Return None for what Asterisk must know of, if that cannot be read."""
    url = settings.database.url.get_secret_value()
    path = sqlite_path(url)
    if path is not None and not os.access(path, os.R_OK | os.W_OK):
        # Asked first: Tortoise waits for ever for a SQLite file that it could not open once.
        remedy = "Run `pbxbridge migrate`, or correct PBXBRIDGE_DATABASE__URL."
        why = f"{path} is not there, or not ours to write."
        return [Result("database", False, why, remedy)], None
    try:
        async with asyncio.timeout(DATABASE_SECONDS), open_database(url):
            in_table = settings.voicemail.store == "database"
            more = VOICEMAIL_MESSAGES if in_table else {}
            results = [
                *await schema_results("database", "portal"),
                *await schema_results("realtime tables", "realtime", more),
            ]
            if not all(result.ok for result in results):
                return results, None
            if in_table:
                results.append(await messages_result())
            results.append(await own_mail_result())
            results.append(await secrets_result(sip_secrets_of(settings)))
            return results, await stored_sample()
    except (BaseORMException, OSError) as why:
        remedy = "Check PBXBRIDGE_DATABASE__URL, and that its server can be reached."
        return [Result("database", False, str(why) or "no answer", remedy)], None


async def stored_sample() -> Stored:
    """Read from the open database what Asterisk must know of."""
    row = await StaticConfigRow.filter(
        filename=FILENAME, category__startswith=context_of(""), commented=0
    ).first()
    friend = await IaxFriend.first()
    trunk = await Trunk.first()
    queues = dict(await CallQueue.all().order_by("name").values_list("name", "music"))
    return Stored(
        row.category if row else "",
        friend.name if friend else "",
        trunk.name if trunk else "",
        next(iter(queues), ""),
        frozenset(filter(None, queues.values())),
        postgres=Tortoise.get_connection("default").capabilities.dialect == "postgres",
    )


async def _attempt(name: str, work: Callable[[], Awaitable[str]], remedy: str) -> Result:
    try:
        return Result(name, True, await work())
    except PbxBridgeError as why:
        return Result(name, False, str(why), remedy)


async def check_asterisk(settings: Settings, stored: Stored | None) -> list[Result]:
    """Check each node's AMI login, and what it shows of that Asterisk's configuration."""
    return [
        _of_node(settings, name, result)
        for name, node in settings.by_node().items()
        for result in await _check_node(settings, node, stored)
    ]


async def _check_node(
    settings: Settings, node: NodeSettings, stored: Stored | None
) -> list[Result]:
    try:
        config = await read_config(node, asked_for(stored))
    except AsteriskUnavailable as why:
        return [Result("AMI", False, str(why), AMI_REMEDY)]
    files = config_results(
        config,
        stored,
        sorcery_cache=settings.asterisk.sorcery_cache,
        store=settings.voicemail.store,
    )
    return [ami_result(node.ami_user, config.actions, config.manager), *files]


def _of_node(settings: Settings, name: str, result: Result) -> Result:
    """Name the node, where there are several."""
    return replace(result, name=f"{name}: {result.name}") if settings.nodes else result


async def _check_ari(node: NodeSettings) -> str:
    version = await asterisk_version(node)
    return f"signed in as {node.ari_user}, Asterisk {version}"


async def _check_smtp(settings: Settings) -> str:
    return await SmtpSender(settings.smtp).probe()
