"""What Asterisk's configuration lacks for calls to and from trunks: pure, no I/O."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dialplan.inbound import CONTEXT as DID
from dialplan.inbound import FROM_TRUNK
from dialplan.route import REFUSAL, SUBROUTINE
from pbxbridge.asterisk.config_file import AsteriskConfig, ConfigFile
from pbxbridge.asterisk.realtime_mapping import FaultWords, sorcery_sources, trunk_mapping_faults

CONTEXTS = {
    SUBROUTINE: "no call goes out",
    REFUSAL: "who dials what they may not is not told so",
    "sub-lost": "a call that no trunk takes is lost, and not left to voicemail",
    "sub-confirm": "the voicemail of a twin's own phone takes calls",
    FROM_TRUNK: "no call comes in",
    DID: "no DID rings an extension",
}
_SORCERY = (
    (
        "res_pjsip_outbound_registration",
        "registration",
        "ps_registrations",
        "Asterisk registers with no carrier",
    ),
    (
        "res_pjsip_endpoint_identifier_ip",
        "identify",
        "ps_endpoint_id_ips",
        "no call from a carrier is known by its address",
    ),
)
_DIALPLAN = "dialplan/extensions.conf"
_SWITCH = re.compile(rf"realtime/{DID}@extensions(/.*)?", re.IGNORECASE)
# /p: DIDs that are patterns are not in that table.
_SWITCH_LINE = f"switch => Realtime/{DID}@extensions/p"


def trunk_faults(config: AsteriskConfig, *, postgres: bool = False) -> list[FaultWords]:
    """Name all that is missing, a detail and its remedy each."""
    faults = []
    if not config.extconfig.unreadable:
        faults += trunk_mapping_faults(config, postgres=postgres)
    if not config.sorcery.unreadable:
        faults += _sorcery_faults(config.sorcery)
    if not config.extensions.unreadable:
        faults += _dialplan_faults(config.extensions)
    return faults


def _sorcery_faults(sorcery: ConfigFile) -> Iterator[FaultWords]:
    for section, kind, table, lost in _SORCERY:
        sources = sorcery_sources(sorcery, section, kind)
        if ("realtime", table) in sources:
            continue
        add = f"Add `{kind} = realtime,{table}` to [{section}] of sorcery.conf"
        if sources:
            add += f", before the other lines of `{kind}`"
        else:
            add += f", and after it `{kind} = config,pjsip.conf,criteria=type={kind}`"
        yield (
            f"[{section}] of sorcery.conf has no `{kind} = realtime,{table}`: {lost}.",
            f"{add}; then restart Asterisk.",
        )


def _dialplan_faults(extensions: ConfigFile) -> Iterator[FaultWords]:
    for context, lost in CONTEXTS.items():
        if not extensions.sections.get(context):
            yield (
                f"There is no [{context}] in extensions.conf: {lost}.",
                f"Copy [{context}] from {_DIALPLAN} to extensions.conf; then `dialplan reload`.",
            )
        elif context == DID and not any(map(_SWITCH.fullmatch, extensions.values(DID, "switch"))):
            yield (
                f"[{DID}] of extensions.conf has no switch to the database: {lost}.",
                f"Add `{_SWITCH_LINE}` to [{DID}] of extensions.conf; then `dialplan reload`.",
            )
