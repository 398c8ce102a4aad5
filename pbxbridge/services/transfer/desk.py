"""Imports that people watch: one at a time, in the background, kept until it was seen."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass
from enum import StrEnum

import structlog

from pbxbridge.errors import Conflict, Invalid, PbxBridgeError
from pbxbridge.services.actor import Actor
from pbxbridge.services.transfer.importers import AUTO
from pbxbridge.services.transfer.plan import Plan
from pbxbridge.services.transfer.progress import Progress, Tell
from pbxbridge.services.transfer.transfer import Imported, Transfer

FAULT = "Something went wrong here. Nothing was imported, and the fault has been noted."

log = structlog.get_logger(__name__)


class Stage(StrEnum):
    """Where an import stands."""

    CHECKING = "checking"
    CHECKED = "checked"
    APPLYING = "applying"
    DONE = "done"
    REFUSED = "refused"


RUNNING = frozenset({Stage.CHECKING, Stage.APPLYING})


@dataclass(slots=True)
class Job:
    """An import as people see it.

    ``plan`` is there once it is checked, ``imported`` once it is done; ``problems`` (sentences by
    column, the empty one for the file) say why it was refused.
    """

    key: str
    login: str
    file_name: str
    stage: Stage
    progress: Progress
    problems: dict[str, str]
    plan: Plan | None = None
    imported: Imported | None = None


class ImportDesk:
    """Takes one file at a time. Its ``run`` does the work."""

    def __init__(self, transfer: Transfer) -> None:
        self._transfer = transfer
        self._orders: asyncio.Queue[tuple[Job, bytes, str, Actor | None]] = asyncio.Queue()
        self.job: Job | None = None

    def check(self, actor: Actor, file_name: str, data: bytes, file_format: str = AUTO) -> Job:
        """Begin to find out what a file would do. Raises Conflict while an import runs."""
        self._refuse_while_running()
        key, start = secrets.token_urlsafe(9), Progress("Reading", 0, 0)
        self.job = Job(key, actor.login, file_name, Stage.CHECKING, start, {})
        self._orders.put_nowait((self.job, data, file_format, None))
        return self.job

    def apply(self, actor: Actor, digest: str) -> None:
        """Begin to do what was found; ``digest`` is the plan's that the person has seen.

        Raises Conflict if that is not the plan of now, or while an import runs.
        """
        self._refuse_while_running()
        job = self.job
        if job is None or job.plan is None or job.plan.digest != digest or job.plan.errors:
            raise Conflict("This is not the file that you have seen. Look at it again.")
        job.stage, job.progress = Stage.APPLYING, Progress("Preparing", 0, 0)
        self._orders.put_nowait((job, b"", "", actor))

    def close(self) -> None:
        """Forget the import that was seen. Raises Conflict while it runs."""
        self._refuse_while_running()
        self.job = None

    async def run(self) -> None:
        """Check and apply what is asked for, for ever."""
        while True:
            job, data, file_format, actor = await self._orders.get()
            try:
                if actor is None:
                    await self._check(job, data, file_format)
                else:
                    await self._apply(job, actor)
            except PbxBridgeError as why:
                job.problems = why.fields if isinstance(why, Invalid) else {"": str(why)}
                job.stage = Stage.REFUSED
            except Exception:
                # A fault of ours in one file must not end the bridge.
                log.exception("import.failed", stage=job.stage.value)
                job.problems, job.stage = {"": FAULT}, Stage.REFUSED

    async def _check(self, job: Job, data: bytes, file_format: str) -> None:
        job.plan = await self._transfer.plan(data, file_format, _into(job))
        job.stage = Stage.CHECKED
        log.info("import.checked", rows=len(job.plan.rows), errors=len(job.plan.errors))

    async def _apply(self, job: Job, actor: Actor) -> None:
        if job.plan is None:
            raise Conflict("There is nothing to import.")
        job.imported = await self._transfer.apply(actor, job.plan, _into(job))
        # What was planned is no longer asked for, and it holds secrets.
        job.plan, job.stage = None, Stage.DONE
        log.info("import.done", created=job.imported.created, changed=job.imported.changed)

    def _refuse_while_running(self) -> None:
        if self.job and self.job.stage in RUNNING:
            raise Conflict(f"{self.job.login} is importing {self.job.file_name} just now.")


def _into(job: Job) -> Tell:
    def tell(progress: Progress) -> None:
        job.progress = progress

    return tell
