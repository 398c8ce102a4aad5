"""A real Asterisk that is asked what it reaches for a number: it dials, and whatever runs says so.

Each extension that can be reached ends with Return(<what it is>), without blanks.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from pbxbridge.asterisk.ami_connection import open_connection
from tests.rig.asterisk import AsteriskInstance

SECONDS = 60.0
NOBODY = "-"
DONE = "done"
# What is reached is collected in a variable, and Asterisk cuts that at 4096 characters.
AT_ONCE = 20

Questions = Sequence[tuple[str, Sequence[str]]]


@dataclass
class DialOracle(AsteriskInstance):
    """An Asterisk whose whole dialplan is ``dialplan``; ``questions`` are contexts with numbers."""

    dialplan: Sequence[str] = ()
    questions: Questions = ()
    driver_secret: str = field(default_factory=secrets.token_hex, repr=False)

    def render(self) -> None:
        """Write the rig's configuration, with a dialplan and an AMI user of its own."""
        super().render()
        self._write_dialplan()
        with (self.folder / "etc" / "manager.conf").open("a", encoding="utf-8") as manager:
            manager.write(f"\n[driver]\nsecret = {self.driver_secret}\nwrite = originate\n")

    async def ask(self, questions: Questions) -> list[list[str]]:
        """Return what each number reaches, NOBODY for nothing; static realtime is read anew."""
        self.questions = questions
        self._write_dialplan()
        await self.cli("database deltree taken")
        await self.cli("dialplan reload")
        return await self.dial_all()

    async def dial_all(self) -> list[list[str]]:
        """Return what each number of ``questions`` reaches, NOBODY for nothing."""
        async with open_connection("127.0.0.1", self.ports.ami, SECONDS) as ami:
            login = await ami.action("Login", Username="driver", Secret=self.driver_secret)
            assert login.success, login.message
            call = {"Channel": "Local/s@driver", "Application": "Wait", "Data": f"{SECONDS:g}"}
            # Not action(): panoramisk would wait for the end of the call.
            ami.send("Originate", **call, Async="true")
            said: dict[str, str] = {}
            async with asyncio.timeout(SECONDS):
                while DONE not in said:
                    await asyncio.sleep(0.1)
                    said = _entries(await self.cli("database show taken"))
        return [
            " ".join(said[f"{place}-{first}"] for first in range(0, len(numbers), AT_ONCE)).split()
            for place, (_, numbers) in enumerate(self.questions)
        ]

    def _write_dialplan(self) -> None:
        lines = [*self.dialplan, "[nobody]", f"exten => s,1,Return({NOBODY})", *self._driver()]
        path = self.folder / "etc" / "extensions.conf"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")

    def _driver(self) -> Iterator[str]:
        yield "[driver]"
        yield "exten => s,1,Answer()"
        for place, (context, numbers) in enumerate(self.questions):
            for first in range(0, len(numbers), AT_ONCE):
                yield " same => n,Set(TAKEN=)"
                for number in numbers[first : first + AT_ONCE]:
                    # Gosub() to what is not there would end the call.
                    there = f"$[${{DIALPLAN_EXISTS({context},{number},1)}}]"
                    yield f" same => n,GosubIf({there}?{context},{number},1:nobody,s,1)"
                    yield " same => n,Set(TAKEN=${TAKEN} ${GOSUB_RETVAL})"
                # Not Log(): Asterisk's logger drops lines when there are many.
                yield f" same => n,Set(DB(taken/{place}-{first})=${{TAKEN}})"
        yield f" same => n,Set(DB(taken/{DONE})=yes)"


def _entries(shown: str) -> dict[str, str]:
    """Return the values of a family of Asterisk's database, as its console shows them."""
    lines = (line.partition(":") for line in shown.splitlines() if line.startswith("/"))
    return {key.strip().rpartition("/")[2]: value.strip() for key, _, value in lines}
