"""Secrets never reach the log, not even in the traceback of a fault."""

import logging
from collections.abc import Iterator
from typing import Literal

import pytest
import structlog

from pbxbridge.log import configure_logging
from pbxbridge.settings import LogSettings


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers, root.level = handlers, level


@pytest.mark.parametrize("form", ["console", "json"])
def test_a_traceback_shows_no_local_variable(
    form: Literal["console", "json"], capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logging(LogSettings(format=form))
    log = structlog.get_logger("pbxbridge.test")

    def fails(password: str) -> None:
        held = {"password": password}
        raise RuntimeError(f"{len(held)} things went wrong")

    try:
        fails("-".join(["do", "not", "print"]))
    except RuntimeError:
        log.exception("request.failed", token="t0ken")
    said = capsys.readouterr().err
    assert "1 things went wrong" in said
    assert "request.failed" in said
    assert "do-not-print" not in said
    assert "t0ken" not in said
