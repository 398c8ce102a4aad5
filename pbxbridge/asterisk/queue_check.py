"""What Asterisk's configuration lacks for queues and their agents: pure, no I/O.

Sources: app_queue.c and logger.c of Asterisk 22, and asterisk-test-config/etc/.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from dialplan.queue_rows import AGENTS, DEVICES, REASONS, SUBROUTINE
from pbxbridge.asterisk.config_file import AsteriskConfig, ConfigFile
from pbxbridge.asterisk.module_check import QUEUES, has_started
from pbxbridge.asterisk.realtime_mapping import (
    YES,
    FaultWords,
    mapped,
    queue_mapping_faults,
)

# Modules that bring no AMI action, and what does not work without them.
MODULES = {
    "func_db": "nobody can log in as an agent",
    "res_musiconhold": "who waits in a queue hears nothing",
}
_LOG_IN, _PAUSE = "nobody can log in as an agent", "no agent can pause by phone"
CONTEXTS = {
    SUBROUTINE: "no queue can be called",
    AGENTS: _LOG_IN,
    DEVICES: _LOG_IN,
    REASONS: "no agent can say why they pause",
    "agent-login": _LOG_IN,
    "sub-own-device": _LOG_IN,
    "sub-agent-queues": _LOG_IN,
    "sub-agent-join": _LOG_IN,
    "sub-agent-leave": "no agent can log out by phone",
    "sub-agent-pause": _PAUSE,
    "sub-agent-ready": "no agent can be ready again by phone",
}
_CODES = ("*45", "*46", "_*46X", "*47")
_FROM_ROWS = (AGENTS, DEVICES, REASONS)
# What [general] must say `yes` to, what is amiss otherwise, and what holds where it says nothing.
_QUEUES_CONF = (
    ("persistentmembers", "agents are logged out when Asterisk restarts", False),
    ("shared_lastcall", "an agent of several queues has no wrap-up time", False),
    ("log_membername_as_agent", "the call log does not know which agent answered", False),
)
_UNCOUNTED = "the wallboard counts no calls, and the call log has none"
_LOGGER_CONF = (
    ("queue_log", _UNCOUNTED, True),
    ("queue_adaptive_realtime", _UNCOUNTED, False),
    (
        "queue_log_realtime_use_gmt",
        "the times of the call log are not UTC, and the wallboard's day begins at a wrong hour",
        False,
    ),
)
_DIALPLAN = "dialplan/extensions.conf"


def queue_faults(
    config: AsteriskConfig, music: Collection[str], *, postgres: bool = False
) -> list[FaultWords]:
    """Name all that is missing, a detail and its remedy each.

    ``music`` are the classes of music that queues play.
    """
    faults = list(_module_faults(config))
    if not config.extconfig.unreadable:
        faults += queue_mapping_faults(config, postgres=postgres)
    faults += _settings_faults(config.queues, "queues.conf", "module reload app_queue.so")
    faults += _settings_faults(config.logger, "logger.conf", "logger reload")
    faults += _music_faults(config, music)
    if not config.extensions.unreadable:
        faults += _dialplan_faults(config.extensions)
    return faults


def _module_faults(config: AsteriskConfig) -> Iterator[FaultWords]:
    if not has_started(config, QUEUES):
        yield (
            f"{QUEUES} is not loaded, or did not start: there is no queue.",
            f"Load {QUEUES}.so (modules.conf), and have a queues.conf; Asterisk's log says why it "
            "does not start.",
        )
    for module, lost in MODULES.items():
        if module not in config.loaded:
            yield (
                f"{module} is not loaded: {lost}.",
                f"Load {module}.so (modules.conf); Asterisk's log says why it does not start.",
            )


def _settings_faults(file: ConfigFile, name: str, reload: str) -> Iterator[FaultWords]:
    if file.unreadable:
        yield (
            f"{name} could not be checked: Asterisk answered {file.unreadable}.",
            f"Put {name} right; Asterisk's log names the line.",
        )
        return
    for key, lost, unsaid in _QUEUES_CONF if name == "queues.conf" else _LOGGER_CONF:
        # The first of several lines counts.
        said = file.values("general", key) or ["yes" if unsaid else "no"]
        if said[0].lower() not in YES:
            yield (
                f"[general] of {name} has no `{key} = yes`: {lost}.",
                f"Set `{key} = yes` in [general] of {name}; then `{reload}`.",
            )


def _music_faults(config: AsteriskConfig, music: Collection[str]) -> Iterator[FaultWords]:
    # A site may have its music in the database, or its classes in another way that is not seen.
    if config.music.unreadable or mapped(config.extconfig, "musiconhold"):
        return
    for name in sorted(music):
        if name not in config.music.sections:
            yield (
                f"musiconhold.conf has no [{name}], which a queue plays: its callers hear nothing.",
                f"Add [{name}] to musiconhold.conf, then `moh reload`; or choose other music for "
                "the queue.",
            )


def _dialplan_faults(extensions: ConfigFile) -> Iterator[FaultWords]:
    for context, lost in CONTEXTS.items():
        if not extensions.sections.get(context):
            yield (
                f"There is no [{context}] in extensions.conf: {lost}.",
                f"Copy [{context}] from {_DIALPLAN} to extensions.conf; then `dialplan reload`.",
            )
        elif context in _FROM_ROWS and not _is_read(extensions, context):
            yield (
                f"[{context}] of extensions.conf has no switch to the database: {lost}.",
                f"Add `switch => Realtime/{context}@extensions/p` to [{context}] of "
                "extensions.conf; then `dialplan reload`.",
            )
    features = extensions.values("features", "exten")
    missing = [
        code for code in _CODES if not any(said.startswith(f"{code},1,") for said in features)
    ]
    if missing and features:  # else all of [features] is missing, which is said elsewhere
        yield (
            f"[features] of extensions.conf has no {', '.join(f'`{code}`' for code in missing)}: "
            "agents cannot log in or pause by phone.",
            f"Copy their lines from [features] of {_DIALPLAN}; then `dialplan reload`.",
        )


def _is_read(extensions: ConfigFile, context: str) -> bool:
    wanted = re.compile(rf"realtime/({context})?@extensions(/.*)?", re.IGNORECASE)
    return any(map(wanted.fullmatch, extensions.values(context, "switch")))
