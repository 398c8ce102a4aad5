"""What `pbxbridge check` says of the contexts that rows call, and of what trunks need."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pbxbridge.asterisk.config_check import Stored, asked_for, config_results
from pbxbridge.asterisk.config_file import AsteriskConfig, ConfigFile
from tests.unit.test_config_check import (
    SIP_ONLY,
    WITH_TRUNK,
    failures,
    shipped,
    the_failure,
    without,
)


def without_context(config: AsteriskConfig, context: str) -> AsteriskConfig:
    left = {name: lines for name, lines in config.extensions.sections.items() if name != context}
    return replace(config, extensions=ConfigFile(left))


@pytest.mark.parametrize("family", ["ps_registrations", "ps_endpoint_id_ips"])
def test_a_table_of_trunks_is_missed_once_there_is_a_trunk(family: str) -> None:
    good = shipped()
    bad = replace(good, extconfig=without(good.extconfig, "settings", family))
    assert failures(bad) == []
    failure = the_failure(bad, WITH_TRUNK)
    assert (failure.name, f"`{family}`" in failure.detail) == ("trunks", True)
    (value,) = good.extconfig.values("settings", family)
    assert f"`{family} => {value}`" in failure.remedy
    (ready,) = (result for result in config_results(bad, SIP_ONLY) if result.name == "trunks")
    assert "Before one is made: " in ready.detail
    assert failure.remedy in ready.detail


@pytest.mark.parametrize(
    ("section", "kind", "table"),
    [
        ("res_pjsip_outbound_registration", "registration", "ps_registrations"),
        ("res_pjsip_endpoint_identifier_ip", "identify", "ps_endpoint_id_ips"),
    ],
)
def test_what_sorcery_must_read_of_trunks_is_named(section: str, kind: str, table: str) -> None:
    good = shipped()
    line = f"realtime,{table}"
    bad = replace(good, sorcery=without(good.sorcery, section, kind, line))
    failure = the_failure(bad, WITH_TRUNK)
    assert f"[{section}] of sorcery.conf has no `{kind} = {line}`" in failure.detail
    assert f"Add `{kind} = {line}` to [{section}]" in failure.remedy
    assert "before the other lines" in failure.remedy
    none = replace(good, sorcery=without(good.sorcery, section, kind))
    assert "and after it" in the_failure(none, WITH_TRUNK).remedy


@pytest.mark.parametrize(
    ("context", "stored"),
    [
        *(
            (name, SIP_ONLY)
            for name in ("sub-transferred", "twin", "sub-group", "sub-group-members")
        ),
        *((name, WITH_TRUNK) for name in ("sub-route", "sub-refuse", "sub-lost", "sub-confirm")),
        *((name, WITH_TRUNK) for name in ("from-trunk", "did")),
    ],
)
def test_a_context_that_rows_call_is_named_with_what_fails_without_it(
    context: str, stored: Stored
) -> None:
    assert context in asked_for(stored).contexts
    failure = the_failure(without_context(shipped(), context), stored)
    assert failure.detail.startswith(f"There is no [{context}]")
    assert f"Copy [{context}] from dialplan/extensions.conf" in failure.remedy


def test_dids_that_are_not_read_from_the_database_are_named() -> None:
    good = shipped()
    bad = replace(good, extensions=without(good.extensions, "did", "switch"))
    assert "Add `switch => Realtime/did@extensions/p`" in the_failure(bad, WITH_TRUNK).remedy
