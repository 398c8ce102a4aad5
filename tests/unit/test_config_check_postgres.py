"""What `pbxbridge check` makes of an Asterisk that is to read a PostgreSQL."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pbxbridge.asterisk.config_check import Stored
from pbxbridge.asterisk.config_file import AsteriskConfig, ConfigFile
from tests.unit.test_config_check import (
    ETC,
    failures,
    parsed,
    saying,
    shipped,
    the_failure,
    without,
)

POSTGRES = Stored("cos-internal", "2001", "carrier", "sales", postgres=True)
FAMILIES = [
    *("ps_endpoints", "ps_auths", "voicemail", "classes_of_service.conf", "iax_friends.conf"),
    *("queues", "queue_members", "queue_log"),
]


def on_postgres() -> AsteriskConfig:
    """An Asterisk with the files that we ship for PostgreSQL."""
    config = shipped()
    return replace(
        config,
        loaded=config.loaded | {"res_config_odbc"},
        extconfig=parsed(ETC / "extconfig.conf", "odbc"),
        sqlite=ConfigFile(),
        odbc=parsed(ETC / "odbc" / "res_odbc.conf"),
    )


def test_the_files_that_we_ship_for_postgres_lack_nothing() -> None:
    assert failures(on_postgres(), POSTGRES) == []


@pytest.mark.parametrize("family", FAMILIES)
def test_a_missing_table_is_named_with_the_line_for_odbc(family: str) -> None:
    good = on_postgres()
    bad = replace(good, extconfig=without(good.extconfig, "settings", family))
    (value,) = good.extconfig.values("settings", family)
    assert value.startswith("odbc,")
    assert f"`{family} => {value}`" in the_failure(bad, POSTGRES).remedy


def test_without_extconfig_the_lines_that_we_ship_are_named() -> None:
    named = failures(replace(on_postgres(), extconfig=ConfigFile()), POSTGRES)
    remedies = " ".join(failure.remedy for failure in named)
    assert "`ps_endpoints => odbc,endpoints,ps_endpoints`" in remedies
    assert "`ps_auths => odbc,pbxbridge,ps_auths`" in remedies
    assert "sqlite3" not in remedies


def test_a_driver_of_another_engine_is_wrong() -> None:
    good = on_postgres()
    line = "sqlite3,pbxbridge,voicemail"
    bad = replace(good, extconfig=saying(good.extconfig, "settings", "voicemail", line))
    failure = the_failure(bad, POSTGRES)
    assert "`voicemail` is read by the driver `sqlite3`" in failure.detail
    assert "`voicemail => odbc," in failure.remedy


def test_the_driver_of_postgres_without_odbc_will_do() -> None:
    good = on_postgres()
    line = "pgsql,asterisk,voicemail"
    other = replace(
        good,
        loaded=good.loaded | {"res_config_pgsql"},
        extconfig=saying(good.extconfig, "settings", "voicemail", line),
    )
    assert failures(other, POSTGRES) == []


@pytest.mark.parametrize("value", ["", "no"])
def test_a_class_that_res_odbc_does_not_have_is_named(value: str) -> None:
    good = on_postgres()
    rest = {name: lines for name, lines in good.odbc.sections.items() if name != "endpoints"}
    odbc = saying(good.odbc, "endpoints", "enabled", value) if value else ConfigFile(rest)
    named = failures(replace(good, odbc=odbc), POSTGRES)
    assert [failure.detail.split("`")[1] for failure in named] == [
        "ps_endpoints",
        "iax_friends.conf",
    ]
    assert all("`endpoints`, which res_odbc.conf does not have" in each.detail for each in named)
    assert "Add [endpoints] to res_odbc.conf" in named[0].remedy


def test_a_driver_that_is_not_loaded_is_named_once() -> None:
    good = on_postgres()
    failure = the_failure(replace(good, loaded=good.loaded - {"res_config_odbc"}), POSTGRES)
    assert "res_config_odbc is not loaded" in failure.detail
    assert "preload = res_config_odbc.so" in failure.remedy


def test_a_connection_that_is_not_tried_again_for_minutes_is_named() -> None:
    good, key = on_postgres(), "negative_connection_cache"
    unsaid = replace(good, odbc=without(good.odbc, "pbxbridge", key))
    assert failures(unsaid, POSTGRES) == []
    odbc = saying(good.odbc, "pbxbridge", key, "300")
    failure = the_failure(replace(good, odbc=odbc), POSTGRES)
    assert "[pbxbridge]" in failure.detail
    assert "300" in failure.detail
    assert f"{key} => 1" in failure.remedy
