"""What `pbxbridge check` says of what queues and agents need."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pbxbridge.asterisk.config_check import asked_for, config_results
from pbxbridge.asterisk.config_file import ConfigFile
from pbxbridge.asterisk.queue_check import CONTEXTS
from tests.unit.test_config_check import (
    SIP_ONLY,
    WITH_QUEUE,
    failures,
    saying,
    shipped,
    the_failure,
    without,
)
from tests.unit.test_trunk_check import without_context


@pytest.mark.parametrize("family", ["queues", "queue_members", "queue_log"])
def test_a_table_of_queues_is_missed_once_there_is_a_queue(family: str) -> None:
    good = shipped()
    bad = replace(good, extconfig=without(good.extconfig, "settings", family))
    assert failures(bad) == []
    failure = the_failure(bad, WITH_QUEUE)
    assert (failure.name, f"`{family}`" in failure.detail) == ("queues", True)
    (value,) = good.extconfig.values("settings", family)
    assert f"`{family} => {value}`" in failure.remedy
    (ready,) = (result for result in config_results(bad, SIP_ONLY) if result.name == "queues")
    assert "Before one is made: " in ready.detail
    assert failure.remedy in ready.detail


def test_an_asterisk_without_queues_will_do_where_there_is_none() -> None:
    good = shipped()
    bad = replace(good, actions=good.actions - {"QueueStatus"})
    assert failures(bad) == []
    failure = the_failure(bad, WITH_QUEUE)
    assert "app_queue is not loaded, or did not start: there is no queue." in failure.detail
    assert "Load app_queue.so (modules.conf)" in failure.remedy


@pytest.mark.parametrize("module", ["func_db", "res_musiconhold"])
def test_a_module_beside_is_named(module: str) -> None:
    assert module in asked_for(WITH_QUEUE).modules
    good = shipped()
    failure = the_failure(replace(good, loaded=good.loaded - {module}), WITH_QUEUE)
    assert failure.detail.startswith(f"{module} is not loaded: ")


@pytest.mark.parametrize("said", [None, "no"])
@pytest.mark.parametrize("key", ["persistentmembers", "shared_lastcall", "log_membername_as_agent"])
def test_what_queues_conf_must_say_is_named(key: str, said: str | None) -> None:
    good = shipped()
    bad = (
        saying(good.queues, "general", key, said) if said else without(good.queues, "general", key)
    )
    failure = the_failure(replace(good, queues=bad), WITH_QUEUE)
    assert f"[general] of queues.conf has no `{key} = yes`" in failure.detail
    assert "module reload app_queue.so" in failure.remedy


@pytest.mark.parametrize(
    ("key", "said", "well"),
    [
        ("queue_log", None, True),
        ("queue_log", "no", False),
        ("queue_adaptive_realtime", None, False),
        ("queue_adaptive_realtime", "Yes", True),
        ("queue_log_realtime_use_gmt", None, False),
        ("queue_log_realtime_use_gmt", "off", False),
    ],
)
def test_what_logger_conf_must_say_is_named(key: str, said: str | None, *, well: bool) -> None:
    good = shipped()
    other = (
        saying(good.logger, "general", key, said) if said else without(good.logger, "general", key)
    )
    found = failures(replace(good, logger=other), WITH_QUEUE)
    assert [each.name for each in found] == ([] if well else ["queues"])
    assert all(f"`{key} = yes` in [general] of logger.conf" in each.remedy for each in found)


def test_a_file_that_is_broken_is_no_guess() -> None:
    bad = replace(shipped(), logger=ConfigFile(unreadable="Config file has invalid format"))
    assert "logger.conf could not be checked" in the_failure(bad, WITH_QUEUE).detail


def test_music_that_a_queue_plays_and_nobody_has_is_named() -> None:
    jazz = replace(WITH_QUEUE, music=frozenset({"default", "jazz"}))
    assert list(asked_for(jazz).music) == ["default", "jazz"]
    good = shipped()
    failure = the_failure(good, jazz)
    assert failure.detail.startswith("musiconhold.conf has no [jazz]")
    line = "sqlite3,pbxbridge,musiconhold"
    elsewhere = saying(good.extconfig, "settings", "musiconhold", line)
    assert failures(replace(good, extconfig=elsewhere), jazz) == []


@pytest.mark.parametrize("context", CONTEXTS)
def test_a_context_of_agents_is_named_with_what_fails_without_it(context: str) -> None:
    assert context in asked_for(WITH_QUEUE).contexts
    bad = without_context(shipped(), context)
    assert failures(bad) == []
    failure = the_failure(bad, WITH_QUEUE)
    assert failure.detail.startswith(f"There is no [{context}]")
    assert f"Copy [{context}] from dialplan/extensions.conf" in failure.remedy


@pytest.mark.parametrize("context", ["agents", "agent-devices", "pause-reasons"])
@pytest.mark.parametrize("value", ["Realtime/other@extensions", "Realtime/agents@other"])
def test_rows_of_agents_that_are_not_read_from_the_database_are_named(
    context: str, value: str
) -> None:
    good = shipped()
    bad = replace(good, extensions=saying(good.extensions, context, "switch", value))
    remedy = the_failure(bad, WITH_QUEUE).remedy
    assert f"Add `switch => Realtime/{context}@extensions/p` to [{context}]" in remedy


def test_codes_of_agents_that_features_lacks_are_named() -> None:
    good = shipped()
    lines = good.extensions.sections["features"]
    old = tuple(line for line in lines if not line[1].startswith(("*45", "_*46X")))
    bad = ConfigFile({**good.extensions.sections, "features": old})
    detail = the_failure(replace(good, extensions=bad), WITH_QUEUE).detail
    assert "no `*45`, `_*46X`: " in detail
