"""Which tables Asterisk reads by extconfig.conf, and which of ours it does not: pure, no I/O.

Source: https://docs.asterisk.org/Fundamentals/Asterisk-Configuration/Database-Support-Configuration/
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dialplan.config_line import FILENAME
from pbxbridge.asterisk.config_file import AsteriskConfig, ConfigFile

FRIENDS = "iax_friends.conf"
# As Asterisk takes them (ast_true).
YES = ("yes", "true", "y", "t", "1", "on")


@dataclass(frozen=True, slots=True)
class Mapping:
    """A family of realtime data, and what does not work without it."""

    family: str
    table: str
    without: str
    connection: str = "pbxbridge"

    def line(self, driver: str, connection: str) -> str:
        """Return the line of extconfig.conf."""
        return f"{self.family} => {driver},{connection},{self.table}"


_NO_SIP = "no SIP device can register"
_MAPPINGS = (
    Mapping("ps_endpoints", "ps_endpoints", _NO_SIP, "endpoints"),
    Mapping("ps_auths", "ps_auths", _NO_SIP),
    Mapping("ps_aors", "ps_aors", _NO_SIP),
    Mapping("voicemail", "voicemail", "nobody has a mailbox"),
    Mapping("extensions", "extensions", "no extension can be called"),
    Mapping(FILENAME, "ast_config", "no device may dial anything"),
)
_FRIENDS = Mapping(FRIENDS, "iaxfriends_conf", "no IAX2 device can register", "endpoints")
_TRUNKS = (
    Mapping("ps_registrations", "ps_registrations", "Asterisk registers with no carrier"),
    Mapping(
        "ps_endpoint_id_ips",
        "ps_endpoint_id_ips",
        "no call from a carrier is known by its address",
    ),
)
_QUEUES = (
    Mapping("queues", "queues", "there is no queue"),
    Mapping("queue_members", "queue_members", "no queue has a static member"),
    Mapping(
        "queue_log",
        "queue_log",
        "the wallboard counts no calls, and the call log has none",
        "queue_log",
    ),
)

# A detail and its remedy.
FaultWords = tuple[str, str]
# The drivers that read a PostgreSQL, and the module of each.
POSTGRES_DRIVERS = {"odbc": "res_config_odbc", "pgsql": "res_config_pgsql"}
# Seconds for which Asterisk may take a failed connection for failed.
LONGEST_REFUSAL = 30


def extconfig_faults(config: AsteriskConfig, *, postgres: bool) -> list[FaultWords]:
    """Name what SIP, voicemail and the dialplan lack, mapping by mapping.

    ``postgres``: the bridge's database is one, and no SQLite file.
    """
    return [
        *_mapping_faults(_MAPPINGS, config, postgres=postgres),
        *_driver_faults(config, postgres=postgres),
    ]


def iax_mapping_faults(config: AsteriskConfig, *, postgres: bool) -> list[FaultWords]:
    """Name what IAX2 lacks."""
    return _mapping_faults((_FRIENDS,), config, postgres=postgres)


def trunk_mapping_faults(config: AsteriskConfig, *, postgres: bool) -> list[FaultWords]:
    """Name what trunks lack."""
    return _mapping_faults(_TRUNKS, config, postgres=postgres)


def queue_mapping_faults(config: AsteriskConfig, *, postgres: bool) -> list[FaultWords]:
    """Name what queues lack."""
    return _mapping_faults(_QUEUES, config, postgres=postgres)


def sorcery_sources(sorcery: ConfigFile, section: str, kind: str) -> list[tuple[str, str]]:
    """Return wizard and source of each line of an object type in sorcery.conf, caches aside."""
    found = []
    for said in sorcery.values(section, kind):
        wizard, _, rest = said.partition(",")
        found.append((wizard.strip(), rest.split(",")[0].strip()))
    return found


def mapped(extconfig: ConfigFile, family: str) -> set[str]:
    """Return the drivers that a family is read by."""
    return {driver for driver, _, _ in _sources(extconfig, family)}


def _mapping_faults(
    wanted: Iterable[Mapping], config: AsteriskConfig, *, postgres: bool
) -> list[FaultWords]:
    return [fault for each in wanted for fault in _faults(each, config, postgres=postgres)]


def _faults(wanted: Mapping, config: AsteriskConfig, *, postgres: bool) -> list[FaultWords]:
    sources = _sources(config.extconfig, wanted.family)
    shipped = ("odbc" if postgres else "sqlite3", wanted.connection)
    driver, connection = _usual(config.extconfig, postgres=postgres) or shipped
    add = f"`{wanted.line(driver, connection)}`"
    if not sources:
        return [
            (
                f"[settings] has no line for `{wanted.family}`: {wanted.without}.",
                f"Add {add} to [settings] of extconfig.conf; then restart Asterisk.",
            )
        ]
    ours = [source for source in sources if source[2] == wanted.table]
    if not ours:
        return [
            (
                f"`{wanted.family}` is read from the table `{sources[0][2]}`, not from "
                f"`{wanted.table}`: {wanted.without}.",
                f"Make it {add} in extconfig.conf; then restart Asterisk.",
            )
        ]
    if postgres and not any(source[0] in POSTGRES_DRIVERS for source in ours):
        return [
            (
                f"`{wanted.family}` is read by the driver `{ours[0][0]}`, but the bridge's "
                f"database is a PostgreSQL: {wanted.without}.",
                f"Make it {add} in extconfig.conf; then restart Asterisk.",
            )
        ]
    if not any(_is_open(source, config, postgres=postgres) for source in ours):
        file, lines = _HOW_TO_OPEN[ours[0][0]]
        return [
            (
                f"`{wanted.family}` is read through `{ours[0][1]}`, which {file} does not have: "
                f"{wanted.without}.",
                f"Add [{ours[0][1]}] to {file} with {lines}; then restart Asterisk.",
            )
        ]
    return []


_HOW_TO_OPEN = {
    "sqlite3": (
        "res_config_sqlite3.conf",
        "`dbfile => ` the bridge's database, `batch = 0` and `busy_timeout = 10000`",
    ),
    "odbc": (
        "res_odbc.conf",
        "`enabled => yes`, `dsn => ` that of the bridge's database in odbc.ini, "
        "`max_connections => 8` and `negative_connection_cache => 1`",
    ),
}


def _is_open(source: tuple[str, str, str], config: AsteriskConfig, *, postgres: bool) -> bool:
    """Whether the driver's own file has the connection, or cannot tell."""
    driver, connection, _ = source
    if driver == "sqlite3":
        return bool(config.sqlite.unreadable or config.sqlite.values(connection, "dbfile"))
    if driver == "odbc" and postgres:
        return bool(config.odbc.unreadable or _is_enabled(config.odbc, connection))
    return True


def _is_enabled(odbc: ConfigFile, connection: str) -> bool:
    said = odbc.values(connection, "enabled") or ["yes"]
    return connection in odbc.sections and said[-1].lower() in YES


def _driver_faults(config: AsteriskConfig, *, postgres: bool) -> Iterator[FaultWords]:
    """Name what is wrong with the driver itself, once for all that is read by it."""
    if not postgres:
        return
    used = {source[:2] for each in _MAPPINGS for source in _sources(config.extconfig, each.family)}
    for driver in sorted({driver for driver, _ in used} & POSTGRES_DRIVERS.keys()):
        module = POSTGRES_DRIVERS[driver]
        if module not in config.loaded:
            yield (
                f"{module} is not loaded: nothing is read by `{driver}`.",
                f"Add `preload = {module}.so` to modules.conf; then restart Asterisk.",
            )
    for connection in sorted(connection for driver, connection in used if driver == "odbc"):
        said = config.odbc.values(connection, "negative_connection_cache")
        seconds = int(said[-1]) if said and said[-1].isdecimal() else 0
        if _is_enabled(config.odbc, connection) and seconds > LONGEST_REFUSAL:
            yield (
                f"[{connection}] of res_odbc.conf has `negative_connection_cache` = {seconds}: as "
                "many seconds no phone registers once the database was out of reach.",
                f"Set `negative_connection_cache => 1` in [{connection}] of res_odbc.conf; then "
                "restart Asterisk.",
            )


def _usual(extconfig: ConfigFile, *, postgres: bool) -> tuple[str, str] | None:
    """Return driver and connection of a site that reads our tables in a way of its own."""
    for each in _MAPPINGS:
        for driver, connection, table in _sources(extconfig, each.family):
            fits = driver in POSTGRES_DRIVERS if postgres else driver != "sqlite3"
            ours = postgres and (driver, connection) == ("odbc", each.connection)
            if fits and not ours and table == each.table:
                return driver, connection
    return None


def _sources(extconfig: ConfigFile, family: str) -> list[tuple[str, str, str]]:
    """Return driver, connection and table of each line of a family.

    A table that is not named is called like the family.
    """
    found = []
    for said in extconfig.values("settings", family):
        driver, connection, table, *_ = [*said.split(","), "", ""]
        found.append((driver.lower(), connection.strip('"'), table or family))
    return found
