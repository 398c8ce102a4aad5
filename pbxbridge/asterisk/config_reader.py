"""What Asterisk's configuration is, asked over AMI: for ``pbxbridge check``."""

from __future__ import annotations

from collections.abc import Collection

from pbxbridge.asterisk.ami_connection import AmiConnection, open_connection
from pbxbridge.asterisk.ami_login import fully_booted, login
from pbxbridge.asterisk.config_file import Asked, AsteriskConfig, ConfigFile, config_file
from pbxbridge.settings import NodeSettings

ANSWER_SECONDS = 5.0
ODBC_KEYS = ("enabled", "dsn", "negative_connection_cache")


async def read_config(settings: NodeSettings, asked: Asked) -> AsteriskConfig:
    """Log in and read what `check` judges. Raises AsteriskUnavailable.

    Of the files that can be long only the sections asked for are read: an answer has a longest
    length, and an iax.conf holds the secrets of all IAX2 extensions. That of a friend asked for
    comes over the line, which the login's own secret did just before, and goes no further.
    """
    async with open_connection(settings.host, settings.ami_port, ANSWER_SECONDS) as connection:
        await login(connection, settings, events="system")
        await fully_booted(connection, ANSWER_SECONDS)
        connection.ignore_the_rest()
        # https://docs.asterisk.org/Asterisk_22_Documentation/API_Documentation/AMI_Actions/ListCommands/
        actions = frozenset((await connection.action("ListCommands")).headers)
        return AsteriskConfig(
            actions,
            frozenset([name for name in asked.modules if await _is_loaded(connection, name)]),
            await _sections(connection, "manager.conf", [settings.ami_user], keys=["read"]),
            await _whole(connection, "extconfig.conf"),
            await _whole(connection, "res_config_sqlite3.conf"),
            await _whole(connection, "sorcery.conf"),
            await _sections(connection, "extensions.conf", asked.contexts),
            await _sections(connection, "iax.conf", asked.friends, keys=()),
            await _whole(connection, "res_odbc.conf", keys=ODBC_KEYS),
            await _sections(connection, "queues.conf", ["general"]),
            await _sections(connection, "logger.conf", ["general"]),
            await _sections(connection, "musiconhold.conf", asked.music),
        )


async def _whole(
    connection: AmiConnection, name: str, keys: Collection[str] | None = None
) -> ConfigFile:
    return config_file(await connection.action("GetConfig", Filename=name), keys)


async def _sections(
    connection: AmiConnection,
    name: str,
    sections: Collection[str],
    keys: Collection[str] | None = None,
) -> ConfigFile:
    found = ConfigFile()
    for section in sections:
        answer = await connection.action("GetConfig", Filename=name, Category=section)
        found = found.merged(config_file(answer, keys))
    return found


async def _is_loaded(connection: AmiConnection, module: str) -> bool:
    return (await connection.action("ModuleCheck", Module=module)).success
