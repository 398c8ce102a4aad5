"""What Asterisk's configuration lacks for the bridge's tables to be read: pure, no I/O.

The lines to add are those of asterisk-test-config/etc/ and dialplan/extensions.conf.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from dialplan.config_line import FILENAME
from dialplan.extension_row import SUBROUTINE
from pbxbridge.asterisk.config_file import Asked, AsteriskConfig, ConfigFile
from pbxbridge.asterisk.module_check import (
    IAX2,
    SILENT_MODULES,
    STORE_MODULES,
    WITHOUT,
    has_started,
    module_faults,
)
from pbxbridge.asterisk.queue_check import CONTEXTS as QUEUE_CONTEXTS
from pbxbridge.asterisk.queue_check import MODULES as QUEUE_MODULES
from pbxbridge.asterisk.queue_check import queue_faults
from pbxbridge.asterisk.realtime_mapping import (
    FRIENDS,
    POSTGRES_DRIVERS,
    FaultWords,
    extconfig_faults,
    iax_mapping_faults,
    mapped,
    sorcery_sources,
)
from pbxbridge.asterisk.sorcery_cache import cache_faults
from pbxbridge.asterisk.trunk_check import CONTEXTS, trunk_faults
from pbxbridge.check_result import Result

_ASKING = "GetConfig"
# Contexts that rows of extensions and phone groups call, and what does not work without them.
_CALLED = {
    "sub-transferred": "no extension and no route can be called",
    "twin": "no twin rings",
    "sub-group": "no phone group can be called",
    "sub-group-members": "phone groups of many members cannot be called",
}
_SWITCH = re.compile(r"realtime/(extensions)?(@(extensions)?)?(/.*)?", re.IGNORECASE)
_DIALPLAN = "dialplan/extensions.conf"


@dataclass(frozen=True, slots=True)
class Stored:
    """What the database holds, of which Asterisk must know: one of each kind, empty if none.

    ``music`` are the classes that queues play. ``postgres``: it is a PostgreSQL, and no SQLite
    file.
    """

    class_context: str = ""
    iax2_number: str = ""
    trunk: str = ""
    queue: str = ""
    music: frozenset[str] = frozenset()
    postgres: bool = False


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is missing, and what to do about it."""

    detail: str
    remedy: str


def asked_for(stored: Stored | None) -> Asked:
    """Return what is to be read to judge by; None where the database cannot be read."""
    stored = stored or Stored()
    contexts = ["globals", SUBROUTINE, "extensions", "features", stored.class_context]
    contexts += [*_CALLED, *CONTEXTS, *QUEUE_CONTEXTS]
    return Asked(
        [context for context in contexts if context],
        [stored.iax2_number or "general"],
        (*SILENT_MODULES, *POSTGRES_DRIVERS.values(), *STORE_MODULES.values(), *QUEUE_MODULES),
        sorted(stored.music),
    )


def config_results(
    config: AsteriskConfig,
    stored: Stored | None,
    *,
    sorcery_cache: bool = False,
    store: str = "spool",
) -> list[Result]:
    """Judge file by file; each missing piece is a result of its own.

    Without the database (None) nothing is said of IAX2, trunks and queues: it knows whether they
    matter.
    ``sorcery_cache`` and ``store`` are the settings.
    """
    modules = [Fault(*each) for each in module_faults(config, store)]
    optional = _optional_results(config, stored) if stored else []
    stored = stored or Stored()
    if _ASKING not in config.actions:
        return [
            Result(
                "configuration",
                False,
                f"could not be checked: the AMI user may not perform {_ASKING}.",
                "Give it the rights first (AMI, above).",
            )
        ]
    return [
        *_results(
            "extconfig.conf",
            _readable(config.extconfig) or _extconfig_faults(config, stored),
            "has our tables",
        ),
        *_results(
            "sorcery.conf",
            _readable(config.sorcery) or list(_sorcery_faults(config, cached=sorcery_cache)),
            "takes SIP devices from the database",
        ),
        *_results(
            "extensions.conf",
            _readable(config.extensions, includes=FILENAME)
            or list(_dialplan_faults(config.extensions, stored)),
            "has the bridge's contexts and the classes of service",
        ),
        *optional,
        *_results("modules", modules, "loaded and started"),
    ]


def _results(name: str, faults: list[Fault], well: str) -> list[Result]:
    return [Result(name, False, each.detail, each.remedy) for each in faults] or [
        Result(name, True, well)
    ]


def _readable(file: ConfigFile, includes: str = "") -> list[Fault]:
    if not file.unreadable:
        return []
    why = f"could not be checked: Asterisk answered {file.unreadable}."
    if not includes:
        return [Fault(why, "Put right what is wrong above; Asterisk's log may say more.")]
    return [
        Fault(
            f"{why} Then nothing of it is in force.",
            f'Asterisk\'s log names the line. If it is #include "{includes}": that needs its line '
            "in extconfig.conf, and a restart of Asterisk since.",
        )
    ]


def _extconfig_faults(config: AsteriskConfig, stored: Stored) -> list[Fault]:
    faults = extconfig_faults(config, postgres=stored.postgres)
    if stored.iax2_number:
        faults += iax_mapping_faults(config, postgres=stored.postgres)
    return [Fault(*each) for each in faults]


def _sorcery_faults(config: AsteriskConfig, *, cached: bool) -> Iterator[Fault]:
    kinds = {"endpoint": "ps_endpoints", "auth": "ps_auths", "aor": "ps_aors"}
    for kind, table in kinds.items():
        sources = sorcery_sources(config.sorcery, "res_pjsip", kind)
        if ("realtime", table) in sources:
            continue
        add = f"Add `{kind} = realtime,{table}` to [res_pjsip] of sorcery.conf"
        if sources:
            add += f", before the other lines of `{kind}`"
        else:
            # A mapping replaces the built-in one.
            add += f", and after it `{kind} = config,pjsip.conf,criteria=type={kind}`"
        yield Fault(
            f"[res_pjsip] has no `{kind} = realtime,{table}`: no SIP device can register.",
            f"{add}; then restart Asterisk.",
        )
    for wizard, family in sorcery_sources(config.sorcery, "res_pjsip", "contact"):
        if wizard == "realtime" and "sqlite3" in mapped(config.extconfig, family):
            yield Fault(
                "[res_pjsip] keeps contacts in SQLite, whose realtime driver cannot delete them: "
                "Asterisk loops when one expires.",
                "Set `contact = astdb,registrar` in sorcery.conf; then restart Asterisk.",
            )
    for each in cache_faults(config.sorcery, config.actions, expected=cached):
        yield Fault(*each)


def _dialplan_faults(extensions: ConfigFile, stored: Stored) -> Iterator[Fault]:
    if not any(said.startswith("s,1,") for said in extensions.values(SUBROUTINE, "exten")):
        yield Fault(
            f"There is no [{SUBROUTINE}] with `exten => s,1`: no extension can be called.",
            f"Copy [{SUBROUTINE}] from {_DIALPLAN} to extensions.conf; then `dialplan reload`.",
        )
    if not extensions.values("globals", "MAX_FORWARDS"):
        yield Fault(
            "[globals] has no `MAX_FORWARDS`: two extensions that forward to each other ring for "
            "ever.",
            "Add `MAX_FORWARDS=5` to [globals] of extensions.conf; then `dialplan reload`.",
        )
    switches = (
        said
        for key in ("switch", "lswitch", "eswitch")
        for said in extensions.values("extensions", key)
    )
    if not any(_SWITCH.fullmatch(said) for said in switches):
        yield Fault(
            "There is no [extensions] with a switch to the database: no extension can be called.",
            "Add `switch => Realtime/extensions@extensions/p` to [extensions] of extensions.conf; "
            "then `dialplan reload`.",
        )
    if not extensions.sections.get("features"):
        yield Fault(
            "There is no [features]: nobody can listen to voicemail by phone.",
            f"Copy [features] from {_DIALPLAN} to extensions.conf; then `dialplan reload`.",
        )
    for context, lost in _CALLED.items():
        if not extensions.sections.get(context):
            yield Fault(
                f"There is no [{context}]: {lost}.",
                f"Copy [{context}] from {_DIALPLAN} to extensions.conf; then `dialplan reload`.",
            )
    if stored.class_context and not extensions.sections.get(stored.class_context):
        yield Fault(
            f"[{stored.class_context}] of the database is not in it: no device may dial anything.",
            f'Add `#include "{FILENAME}"` to extensions.conf; then `dialplan reload`. If it is '
            f"there: Asterisk must read the bridge's database, and {FILENAME} from it "
            "(extconfig.conf).",
        )


def _iax_results(config: AsteriskConfig, stored: Stored) -> list[Result]:
    """IAX2 may be left out where no extension uses it."""
    started = has_started(config, IAX2)
    if stored.iax2_number:
        faults = _readable(config.iax, includes=FRIENDS) or list(_friend_faults(config, stored))
        if not started:
            faults.append(
                Fault(
                    f"{IAX2} is not loaded, or did not start: {WITHOUT[IAX2]}.",
                    f"Load {IAX2}.so (modules.conf); Asterisk's log says why it does not start.",
                )
            )
        return _results("iax.conf", faults, "has the IAX2 extensions")
    before = [] if started else [f"Load {IAX2}.so (modules.conf)."]
    unmapped = iax_mapping_faults(config, postgres=stored.postgres)
    before += [remedy for _, remedy in unmapped]
    if config.iax.unreadable and not unmapped:  # else that is most likely why
        before.append(f"Correct iax.conf, of which Asterisk says {config.iax.unreadable}.")
    detail = "no extension uses IAX2"
    if before:
        detail += f", which is not ready. Before one does: {' '.join(before)}"
    return [Result("iax.conf", True, detail)]


def _optional_results(config: AsteriskConfig, stored: Stored) -> list[Result]:
    """Judge what may be left out where nobody uses it."""
    trunks = trunk_faults(config, postgres=stored.postgres)
    queues = queue_faults(config, stored.music, postgres=stored.postgres)
    return [
        *_iax_results(config, stored),
        *_needed_by(stored.trunk, "trunk", trunks, "calls go out and come in"),
        *_needed_by(stored.queue, "queue", queues, "callers can wait, and agents log in"),
    ]


def _needed_by(one: str, what: str, faults: list[FaultWords], well: str) -> list[Result]:
    """``one`` of them there is, or none: then its faults are no more than advice."""
    if one:
        return _results(f"{what}s", [Fault(*each) for each in faults], well)
    detail = f"there is no {what}"
    if faults:
        said = " ".join(remedy for _, remedy in faults)
        detail += f", and Asterisk is not ready for one. Before one is made: {said}"
    return [Result(f"{what}s", True, detail)]


def _friend_faults(config: AsteriskConfig, stored: Stored) -> Iterator[Fault]:
    if stored.iax2_number not in config.iax.sections:
        yield Fault(
            f"IAX2 extension {stored.iax2_number} is not in it: {WITHOUT[IAX2]}.",
            f'Add `#include "{FRIENDS}"` at the end of iax.conf; then `module reload {IAX2}.so`.',
        )
