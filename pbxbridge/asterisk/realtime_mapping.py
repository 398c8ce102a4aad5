"""Which tables Asterisk reads by extconfig.conf, and which of ours it does not: pure, no I/O.

Source: https://docs.asterisk.org/Fundamentals/Asterisk-Configuration/Database-Support-Configuration/
"""

from __future__ import annotations

from dataclasses import dataclass

from dialplan.config_line import FILENAME
from pbxbridge.asterisk.config_file import ConfigFile

FRIENDS = "iax_friends.conf"


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

# A detail and its remedy.
FaultWords = tuple[str, str]


def extconfig_faults(extconfig: ConfigFile, sqlite: ConfigFile) -> list[FaultWords]:
    """Name what SIP, voicemail and the dialplan lack, mapping by mapping."""
    return [fault for each in _MAPPINGS for fault in _faults(each, extconfig, sqlite)]


def iax_mapping_faults(extconfig: ConfigFile, sqlite: ConfigFile) -> list[FaultWords]:
    """Name what IAX2 lacks."""
    return _faults(_FRIENDS, extconfig, sqlite)


def trunk_mapping_faults(extconfig: ConfigFile, sqlite: ConfigFile) -> list[FaultWords]:
    """Name what trunks lack."""
    return [fault for each in _TRUNKS for fault in _faults(each, extconfig, sqlite)]


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


def _faults(wanted: Mapping, extconfig: ConfigFile, sqlite: ConfigFile) -> list[FaultWords]:
    sources = _sources(extconfig, wanted.family)
    driver, connection = _usual(extconfig) or ("sqlite3", wanted.connection)
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
    if not sqlite.unreadable and not any(_is_open(source, sqlite) for source in ours):
        return [
            (
                f"`{wanted.family}` is read through `{ours[0][1]}`, which res_config_sqlite3.conf "
                f"does not have: {wanted.without}.",
                f"Add [{ours[0][1]}] to res_config_sqlite3.conf with `dbfile => ` the bridge's "
                "database, `batch = 0` and `busy_timeout = 10000`; then restart Asterisk.",
            )
        ]
    return []


def _is_open(source: tuple[str, str, str], sqlite: ConfigFile) -> bool:
    driver, connection, _ = source
    return driver != "sqlite3" or bool(sqlite.values(connection, "dbfile"))


def _usual(extconfig: ConfigFile) -> tuple[str, str] | None:
    """Return driver and connection of a site that reads our tables by another driver."""
    for each in _MAPPINGS:
        for driver, connection, table in _sources(extconfig, each.family):
            if driver != "sqlite3" and table == each.table:
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
