"""Many calls for queues at once: the wallboard's totals are those of queue_log."""

from pathlib import Path

from tests.rig.call_centre_load import running_centre

AGENTS, QUEUES, DESERTED = 20, 4, 1
RATE, SECONDS = 4.0, 8.0


async def test_the_wallboards_totals_are_those_of_queue_log(tmp_path: Path) -> None:
    async with (
        running_centre(tmp_path, agents=AGENTS, queues=QUEUES, deserted=DESERTED) as centre,
        centre.watching() as watched,
    ):
        results = await centre.calls(rate=RATE, seconds=SECONDS, hold_ms=1500)
        logged = await centre.settled(watched, sum(each.successful for each in results))
        assert watched.figures() == logged
    calls = round(RATE / QUEUES * SECONDS)
    assert [(each.successful, each.failed) for each in results] == [(calls, 0)] * QUEUES
    assert sum(figures.get("Answered", 0) for figures in logged.values()) == calls * 3
    assert sum(figures.get("Abandoned", 0) for figures in logged.values()) == calls
