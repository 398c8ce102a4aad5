"""Whether an AMI user has the rights that the bridge needs."""

from __future__ import annotations

import pytest

from pbxbridge.asterisk.ami_rights import (
    CORE_ACTIONS,
    MODULE_ACTIONS,
    QUEUE_ACTIONS,
    WITNESSES,
    ami_result,
    may_read,
)
from pbxbridge.asterisk.config_file import ConfigFile

ACTIONS = {*CORE_ACTIONS, *QUEUE_ACTIONS, *WITNESSES.values()}.union(*MODULE_ACTIONS.values())


@pytest.mark.parametrize(
    ("said", "may"),
    [
        (["system,call"], True),
        (["all"], True),
        (["system", "call"], True),
        (["call", "system"], False),
        (["system"], False),
        (["system, call"], False),
        (["System,Call"], False),
        ([], False),
    ],
)
def test_the_rights_to_read_are_read_as_asterisk_reads_them(said: list[str], *, may: bool) -> None:
    assert may_read("call", said) is may


@pytest.mark.parametrize(
    ("lost", "manager", "words"),
    [
        ({"DBPut"}, "system,call,agent", "no write right `system`"),
        ({"UserEvent"}, "system,call,agent", "no write right `user`"),
        (set(QUEUE_ACTIONS), "system,call,agent", "no write right `agent`"),
        ({"Reload"}, "system,call,agent", "may not perform Reload"),
        ({"QueuePenalty"}, "system,call,agent", "may not perform QueuePenalty"),
        (set(), "system,agent", "no read right `call`"),
        (set(), "system,call", "no read right `agent`"),
        (set(), None, "manager.conf has no [pbxbridge]"),
        # A module that did not start is no matter of rights.
        ({"PJSIPQualify", "IAXpeerlist"}, "system,call,agent", None),
        ({"QueueStatus", *QUEUE_ACTIONS}, "system,call,agent", None),
    ],
)
def test_a_right_that_is_missing_is_named(
    lost: set[str], manager: str | None, words: str | None
) -> None:
    file = ConfigFile({} if manager is None else {"pbxbridge": (("read", manager),)})
    result = ami_result("pbxbridge", ACTIONS - lost, file)
    assert result.ok is (words is None)
    if words:
        assert words in result.detail
        assert "manager.conf" in result.remedy


def test_all_that_is_missing_is_named_with_the_lines_that_we_ship() -> None:
    file = ConfigFile({"pbxbridge": (("read", "system"),)})
    result = ami_result("pbxbridge", ACTIONS - {"UserEvent", *QUEUE_ACTIONS}, file)
    assert "no write right `user` and `agent`" in result.detail
    assert "no read right `call`" in result.detail
    assert "no read right `agent`" in result.detail
    assert "`read = system,call,agent`" in result.remedy
    assert "`write = system,user,agent`" in result.remedy
