"""Memory caches that a site has Asterisk keep in front of our tables: pure, no I/O.

https://docs.asterisk.org/Fundamentals/Asterisk-Configuration/Sorcery/Sorcery-Caching/
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from types import MappingProxyType

from pbxbridge.asterisk.config_file import ConfigFile
from pbxbridge.models.outbox import NoticeKind

CACHES: Mapping[NoticeKind, str] = MappingProxyType(
    {
        NoticeKind.EXPIRE_ENDPOINT: "res_pjsip/endpoint",
        NoticeKind.EXPIRE_AUTH: "res_pjsip/auth",
        NoticeKind.EXPIRE_AOR: "res_pjsip/aor",
    }
)
EXPIRE, EXPIRE_OBJECT = "SorceryMemoryCacheExpire", "SorceryMemoryCacheExpireObject"
# Answers to EXPIRE_OBJECT, seen on Asterisk 22.10: what is not cached needs no expiry.
NOT_CACHED = (
    "The provided object could not be expired from the cache",
    "The provided cache does not exist",
)

_SETTING = "PBXBRIDGE_ASTERISK__SORCERY_CACHE"
_KEY = "/cache"
_SECTIONS = ("res_pjsip", "res_pjsip_outbound_registration", "res_pjsip_endpoint_identifier_ip")
_OURS = ("endpoint", "auth", "aor", "registration", "identify")
_THEN = "then restart Asterisk."
# Of these only all objects can be expired; of a cache of another name, none by the bridge.
_WRONG_OPTIONS = {
    "name": "the bridge would expire another one",
    "full_backend_cache": "single objects cannot be expired from it",
}


def cache_faults(
    sorcery: ConfigFile, actions: Collection[str], *, expected: bool
) -> Iterator[tuple[str, str]]:
    """Name what keeps edits from being seen at once, a detail and its remedy each.

    ``expected`` is the setting: whether the bridge has Asterisk drop what was changed.
    """
    caches = _caches(sorcery)
    names = ", ".join(f"`{kind}{_KEY}`" for kind in caches)
    if caches and not expected:
        yield (
            f"has {names}, and {_SETTING} is not set: what was edited is seen late or never.",
            f"Set {_SETTING}=true, or take the lines out of sorcery.conf and restart Asterisk.",
        )
        return
    if expected and not caches:
        yield (
            f"has no `endpoint{_KEY}`, `auth{_KEY}` or `aor{_KEY}`, though {_SETTING} is set.",
            "Add them to [res_pjsip] of sorcery.conf, before the other lines (docs/extensions.md), "
            f"{_THEN} Or set {_SETTING}=false.",
        )
    if expected and caches and EXPIRE_OBJECT not in actions:
        yield (
            f"has {names}, and the AMI user may not perform {EXPIRE_OBJECT}: edits are seen late.",
            "Load res_sorcery_memory_cache.so (modules.conf), and see AMI above.",
        )
    for kind, options in caches.items():
        if f"res_pjsip/{kind}" not in CACHES.values():
            yield (
                f"has `{kind}{_KEY}`, which the bridge does not expire: edits are seen late.",
                f"Take `{kind}{_KEY}` out of sorcery.conf; {_THEN}",
            )
        for option, why in _WRONG_OPTIONS.items():
            if options.get(option, "no") != "no":
                yield (
                    f"has `{option}` with `{kind}{_KEY}`: {why}, and edits are seen late.",
                    f"Take `{option}` out of `{kind}{_KEY}` in sorcery.conf; {_THEN}",
                )


def _caches(sorcery: ConfigFile) -> dict[str, Mapping[str, str]]:
    """Return the options of the cache of each object type of ours that has one."""
    found: dict[str, Mapping[str, str]] = {}
    for section in _SECTIONS:
        for kind in _OURS:
            for said in sorcery.values(section, kind + _KEY):
                pairs = (option.partition("=") for option in said.split(",")[1:])
                found[kind] = {name.strip(): value.strip() for name, _, value in pairs}
    return found
