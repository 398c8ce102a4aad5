"""What `pbxbridge check` says of a memory cache in front of our tables."""

from __future__ import annotations

from pathlib import Path

import pytest

from pbxbridge.asterisk.config_file import ConfigFile
from pbxbridge.asterisk.sorcery_cache import EXPIRE, EXPIRE_OBJECT, cache_faults

REPOSITORY = Path(__file__).resolve().parent.parent.parent
SHIPPED = REPOSITORY / "asterisk-test-config" / "etc" / "sorcery_cache_yes.conf"
ACTIONS = frozenset({EXPIRE, EXPIRE_OBJECT})
NONE = ConfigFile({"res_pjsip": (("endpoint", "realtime,ps_endpoints"),)})


def sorcery(*lines: tuple[str, str], section: str = "res_pjsip") -> ConfigFile:
    return ConfigFile({section: lines})


def shipped() -> ConfigFile:
    said = SHIPPED.read_text(encoding="utf-8").splitlines()
    lines = (line.partition(" = ") for line in said if not line.startswith(";"))
    return sorcery(*((key, value) for key, _, value in lines))


def faults(file: ConfigFile, *, expected: bool, actions: frozenset[str] = ACTIONS) -> list[str]:
    return [detail for detail, _ in cache_faults(file, actions, expected=expected)]


def test_the_cache_and_the_setting_belong_together() -> None:
    assert faults(NONE, expected=False) == []
    assert faults(shipped(), expected=True) == []
    (lagging,) = faults(shipped(), expected=False)
    assert "`endpoint/cache`, `auth/cache`, `aor/cache`" in lagging
    assert "PBXBRIDGE_ASTERISK__SORCERY_CACHE is not set" in lagging
    (idle,) = faults(NONE, expected=True)
    assert "has no `endpoint/cache`, `auth/cache` or `aor/cache`" in idle


def test_what_is_not_cached_needs_no_expiry() -> None:
    assert faults(sorcery(("auth/cache", "memory_cache")), expected=True) == []


@pytest.mark.parametrize(
    ("line", "section", "words"),
    [
        (("auth/cache", "memory_cache,name=x"), "res_pjsip", "`name` with `auth/cache`"),
        (("aor/cache", "memory_cache, full_backend_cache=yes"), "res_pjsip", "single objects"),
        (
            ("identify/cache", "memory_cache,full_backend_cache=no"),
            "res_pjsip_endpoint_identifier_ip",
            "`identify/cache`, which the bridge does not expire",
        ),
        (
            ("registration/cache", "memory_cache"),
            "res_pjsip_outbound_registration",
            "`registration/cache`, which the bridge does not expire",
        ),
    ],
)
def test_a_cache_that_cannot_be_expired_object_by_object_is_named(
    line: tuple[str, str], section: str, words: str
) -> None:
    (fault,) = faults(sorcery(line, section=section), expected=True)
    assert words in fault


def test_a_module_that_is_not_there_is_named() -> None:
    (fault,) = faults(shipped(), expected=True, actions=frozenset())
    assert EXPIRE_OBJECT in fault
