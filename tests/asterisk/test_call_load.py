"""Many calls in a second through our dialplan, by SIPp: none is lost."""

from pathlib import Path

from tests.rig.loaded_pbx import CALLEE, running_loaded_pbx

RATE = 20
CALLS = 100


async def test_twenty_calls_a_second_all_succeed(tmp_path: Path) -> None:
    async with running_loaded_pbx(tmp_path) as pbx:
        await pbx.fix_callee()
        result = await pbx.calls(CALLEE, calls=CALLS, rate=RATE, hold_ms=1000)
    assert (result.successful, result.failed) == (CALLS, 0), result.errors
