"""``pbxbridge check``: is everything that the bridge leans on there, and may we use it?"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable

from tortoise import Tortoise
from tortoise.exceptions import BaseORMException

from dialplan.class_of_service import context_of
from dialplan.config_line import FILENAME
from pbxbridge.asterisk.ami_rights import AMI_REMEDY, ami_result
from pbxbridge.asterisk.ari import asterisk_version
from pbxbridge.asterisk.config_check import Stored, asked_for, config_results
from pbxbridge.asterisk.config_reader import read_config
from pbxbridge.check_result import Result
from pbxbridge.errors import AsteriskUnavailable, PbxBridgeError
from pbxbridge.mail.sender import SmtpSender
from pbxbridge.models.calling import Trunk
from pbxbridge.models.database import open_database, sqlite_path
from pbxbridge.models.realtime import IaxFriend, StaticConfigRow
from pbxbridge.realtime.rows import MAILBOX_CONTEXT
from pbxbridge.services.voicemail_spool import VoicemailSpool
from pbxbridge.settings import Settings

DATABASE_SECONDS = 30.0


async def check_all(settings: Settings) -> list[Result]:
    """Check the database, its tables, Asterisk by AMI and ARI, and SMTP, each for itself."""
    results, stored = await _check_database(settings)
    results += await check_asterisk(settings, stored)
    results.append(
        await _attempt(
            "ARI",
            lambda: _check_ari(settings),
            "Compare PBXBRIDGE_ASTERISK__ARI_* with ari.conf and http.conf (enabled = yes).",
        )
    )
    results.append(
        await _attempt(
            "SMTP",
            lambda: _check_smtp(settings),
            "Compare PBXBRIDGE_SMTP__* with what the mail server's operator gave you.",
        )
    )
    results.append(
        await _attempt(
            "voicemail spool",
            lambda: _check_spool(settings),
            "Set PBXBRIDGE_VOICEMAIL__SPOOL to Asterisk's voicemail folder, and let the bridge's "
            "user read and delete there.",
        )
    )
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
            results = [
                await _check_tables("database", "portal", "Run `pbxbridge migrate`."),
                await _check_tables(
                    "realtime tables",
                    "realtime",
                    "Run `pbxbridge migrate`, or Asterisk's own alembic scripts.",
                ),
            ]
            well = all(result.ok for result in results)
            return results, await stored_sample() if well else None
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
    return Stored(
        row.category if row else "", friend.name if friend else "", trunk.name if trunk else ""
    )


async def _check_tables(name: str, app: str, remedy: str) -> Result:
    """Read every declared column of every table; the first one that is missing is named."""
    models = list(Tortoise.apps[app].values())
    for model in models:
        try:
            await model.all().limit(1).values(*model._meta.db_fields)
        except BaseORMException as why:
            return Result(name, False, f"{model._meta.db_table}: {why}", remedy)
    return Result(name, True, f"{len(models)} tables with all their columns")


async def _attempt(name: str, work: Callable[[], Awaitable[str]], remedy: str) -> Result:
    try:
        return Result(name, True, await work())
    except PbxBridgeError as why:
        return Result(name, False, str(why), remedy)


async def check_asterisk(settings: Settings, stored: Stored | None) -> list[Result]:
    """Check the AMI login, and what it shows of Asterisk's configuration."""
    user = settings.asterisk.ami_user
    try:
        config = await read_config(settings.asterisk, asked_for(stored))
    except AsteriskUnavailable as why:
        return [Result("AMI", False, str(why), AMI_REMEDY)]
    return [ami_result(user, config.actions, config.manager), *config_results(config, stored)]


async def _check_ari(settings: Settings) -> str:
    version = await asterisk_version(settings.asterisk)
    return f"signed in as {settings.asterisk.ari_user}, Asterisk {version}"


async def _check_smtp(settings: Settings) -> str:
    return await SmtpSender(settings.smtp).probe()


async def _check_spool(settings: Settings) -> str:
    spool = settings.voicemail.spool
    if not spool.is_dir():
        raise AsteriskUnavailable(f"{spool} is not there, or not ours to see.")
    if not os.access(spool, os.R_OK | os.W_OK | os.X_OK):
        raise AsteriskUnavailable(f"{spool} may not be read and written by this user.")
    try:
        boxes = await VoicemailSpool(spool).mailboxes(MAILBOX_CONTEXT)
    except OSError as why:
        raise AsteriskUnavailable(f"{spool}: {why.strerror}") from why
    return f"{spool} can be read and written, {len(boxes)} mailboxes"
