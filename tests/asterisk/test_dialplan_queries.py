"""How often a call asks the database for its way, counted by what Asterisk says it asked."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from tests.eventually import eventually
from tests.rig.asterisk import AsteriskInstance
from tests.rig.system import System, running_system
from tests.sip import Ring

_ASKED = re.compile(
    r'SELECT \* FROM "extensions" WHERE "exten" = \'(\w+)\' AND "priority" = \'(\d+)'
)
# Of one priority: whether it is there, when the call comes in and when its channel starts, and what
# it is. Asterisk (pbx_realtime.c) remembers nothing between.
QUESTIONS = 3


@dataclass
class Talkative(AsteriskInstance):
    """An Asterisk that writes down what it asks the database."""

    def render(self) -> None:
        """Write the rig's configuration, with what makes it talk."""
        super().render()
        sqlite = self.folder / "etc" / "res_config_sqlite3.conf"
        said = sqlite.read_text(encoding="utf-8")
        sqlite.write_text(said.replace("dbfile =>", "debug = yes\ndbfile =>"), encoding="utf-8")
        with (self.folder / "etc" / "logger.conf").open("a", encoding="utf-8") as file:
            file.write("debug.log => debug\n")

    def asked(self) -> list[tuple[str, int]]:
        """Return the numbers and priorities that it looked up in the dialplan so far."""
        said = (self.folder / "log" / "debug.log").read_text(encoding="utf-8")
        return [(number, int(priority)) for number, priority in _ASKED.findall(said)]


@pytest.fixture(scope="module")
async def talkative(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[System]:
    folder = tmp_path_factory.mktemp("queries")
    async with running_system(folder, kind=Talkative) as system:
        await system.extension("1001", "Alice")
        await system.extension("1002", "Bob")
        await system.asterisk.cli("core set debug 5 res_config_sqlite3.so")
        yield system


async def test_an_internal_call_takes_one_priority_of_the_database(talkative: System) -> None:
    asterisk = talkative.asterisk
    assert isinstance(asterisk, Talkative)
    async with talkative.registered("1001", "1002") as (alice, bob):
        bob.on_incoming = Ring()
        call = await alice.call("1002")
        await bob.wait_incoming()
        await call.hangup()
        assert asterisk.asked() == [("1002", 1)] * QUESTIONS


async def test_a_number_that_is_not_there_is_asked_for_once(talkative: System) -> None:
    asterisk = talkative.asterisk
    assert isinstance(asterisk, Talkative)
    async with talkative.registered("1001") as (alice,):
        call = await alice.call("1999")
        await call.wait_ended()
        assert call.status == 404
        await eventually(lambda: ("1999", 1) in asterisk.asked())
        assert {priority for number, priority in asterisk.asked() if number == "1999"} == {1}
        assert "LIKE '\\_" not in (asterisk.folder / "log" / "debug.log").read_text("utf-8")
