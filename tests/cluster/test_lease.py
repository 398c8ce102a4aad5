"""What must be done by exactly one bridge is done by exactly one, which another takes over from."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

import asyncpg
import pytest

from pbxbridge.cluster.lease import OnlyBridge, PostgresLeases
from pbxbridge.cluster.session import open_session
from pbxbridge.errors import Superseded
from pbxbridge.models.postgres import connect_arguments
from tests.eventually import eventually

_SESSIONS = """
    SELECT count(pg_terminate_backend(pid)) FROM pg_locks
    WHERE locktype = 'advisory' AND granted AND pid <> pg_backend_pid()
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""


class Workers:
    """Who is at work; ``overlapped`` tells whether two ever were at once."""

    def __init__(self) -> None:
        self.present: list[str] = []
        self.begun: list[str] = []
        self.overlapped = False

    @contextmanager
    def at_work(self, name: str) -> Iterator[None]:
        self.overlapped |= bool(self.present)
        self.present.append(name)
        self.begun.append(name)
        try:
            yield
        finally:
            self.present.remove(name)


@pytest.fixture
def workers() -> Workers:
    return Workers()


@asynccontextmanager
async def working(url: str, name: str, workers: Workers) -> AsyncIterator[asyncio.Task[None]]:
    """Let a bridge want the lease for the length of the block."""

    async def work() -> None:
        with workers.at_work(name):
            await asyncio.Event().wait()

    leases = PostgresLeases(url)
    task = asyncio.create_task(leases.while_held("mail", work), name=name)
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_one_of_two_bridges_works_and_the_other_takes_over(
    database_url: str, workers: Workers
) -> None:
    async with working(database_url, "second", workers):
        await eventually(lambda: workers.present == ["second"])
        async with working(database_url, "first", workers):
            async with working(database_url, "third", workers):
                await asyncio.sleep(1.5)  # the others ask once a second, and are refused
            assert workers.begun == ["second"]
    assert workers.present == []
    async with working(database_url, "last", workers):
        await eventually(lambda: workers.present == ["last"])
    assert not workers.overlapped


async def test_who_loses_the_session_stops_and_tries_again(
    database_url: str, workers: Workers
) -> None:
    async with working(database_url, "only", workers):
        await eventually(lambda: workers.present == ["only"])
        connection = await asyncpg.connect(**connect_arguments(database_url))
        try:
            assert await connection.fetchval(_SESSIONS) == 1
        finally:
            await connection.close()
        await eventually(lambda: workers.begun == ["only", "only"], 10)
    assert not workers.overlapped


async def test_another_lease_is_another_matter(database_url: str, workers: Workers) -> None:
    done = asyncio.Event()

    async def other() -> None:
        done.set()
        await asyncio.Event().wait()

    async with working(database_url, "one", workers):
        await eventually(lambda: workers.present == ["one"])
        task = asyncio.create_task(PostgresLeases(database_url).while_held("node-a", other))
        await asyncio.wait_for(done.wait(), 5)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_who_was_superseded_wants_the_lease_again(database_url: str) -> None:
    tries = 0

    async def work() -> None:
        nonlocal tries
        tries += 1
        raise Superseded("by another")

    task = asyncio.create_task(PostgresLeases(database_url).while_held("node-a", work))
    await eventually(lambda: tries >= 2, 10)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_a_fault_of_the_work_is_not_taken_for_a_lost_session(database_url: str) -> None:
    async def work() -> None:
        raise KeyError("of ours")

    with pytest.raises(ExceptionGroup) as raised:
        await PostgresLeases(database_url).while_held("mail", work)
    assert raised.group_contains(KeyError)


async def test_the_only_bridge_does_everything(workers: Workers) -> None:
    async def work() -> None:
        workers.begun.append("only")

    await OnlyBridge().while_held("mail", work)
    assert workers.begun == ["only"]


async def test_questions_that_come_at_once_are_asked_one_after_the_other(
    database_url: str,
) -> None:
    async with open_session(database_url) as session:
        asked = [session.ask("SELECT $1::int", number) for number in range(20)]
        assert await asyncio.gather(*asked) == list(range(20))
