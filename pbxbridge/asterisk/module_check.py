"""Which modules Asterisk must have loaded for the bridge, and which not: pure, no I/O."""

from __future__ import annotations

from collections.abc import Iterator

from pbxbridge.asterisk.ami_rights import MODULE_ACTIONS, WITNESSES
from pbxbridge.asterisk.config_file import AsteriskConfig

# Modules that bring no AMI action, and what does not work without them.
SILENT_MODULES = {
    "chan_pjsip": "no SIP device can call or be called",
    "pbx_config": "there is no dialplan",
    "pbx_realtime": "no extension can be called",
    "res_sorcery_realtime": "no SIP device is found in the database",
}
# The module that keeps voicemail in each store; one of them is loaded.
STORE_MODULES = {"spool": "app_voicemail", "database": "app_voicemail_odbc"}
IAX2, QUEUES = "chan_iax2", "app_queue"
# What need not be there where nobody uses it.
OPTIONAL = frozenset({IAX2, QUEUES})
WITHOUT = {
    "res_pjsip": "no SIP device can register",
    "res_pjsip_notify": "no phone can be told to fetch its configuration",
    "app_voicemail": "there is no voicemail",
    IAX2: "no IAX2 device can register",
}


def module_faults(config: AsteriskConfig, store: str) -> Iterator[tuple[str, str]]:
    """Yield what is wrong and what to do about it; of OPTIONAL nothing.

    ``store`` is where voicemail is kept, by the setting.
    """
    for module, lost in SILENT_MODULES.items():
        if module not in config.loaded:
            yield (
                f"{module} is not loaded: {lost}.",
                f"Load {module}.so (modules.conf); Asterisk's log says why it does not start.",
            )
    for module in MODULE_ACTIONS:
        if module not in OPTIONAL and not has_started(config, module):
            yield (
                f"{module} is not loaded, or did not start: {WITHOUT[module]}.",
                "Put right extconfig.conf and sorcery.conf, restart Asterisk, and see its log."
                if module == "res_pjsip"
                else f"Load {module}.so (modules.conf); Asterisk's log says why it does not start.",
            )
    wanted = STORE_MODULES[store]
    for module in config.loaded.intersection(STORE_MODULES.values()) - {wanted}:
        yield (
            f"{module} is loaded: voicemail is kept where the bridge does not look for it.",
            f"Load {wanted}.so instead (modules.conf), or correct PBXBRIDGE_VOICEMAIL__STORE.",
        )


def has_started(config: AsteriskConfig, module: str) -> bool:
    """Whether a module's actions are there, or cannot be seen for want of rights (ami_rights)."""
    if not config.actions.issuperset(WITNESSES.values()):
        return True
    return all(action in config.actions for action in MODULE_ACTIONS[module])
