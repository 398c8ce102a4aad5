"""What goes wrong under /api/ is a problem document (RFC 9457), and leaks nothing."""

from __future__ import annotations

from typing import NoReturn

import pytest
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from pbxbridge.errors import (
    AsteriskUnavailable,
    Conflict,
    Forbidden,
    Invalid,
    MailError,
    NotFound,
    TooManyAttempts,
)
from tests.web.programs import API, JSON, PROBLEM, Program, token_of
from tests.web.visitor import Client, Visitor
from web.app import Portal


@pytest.fixture
async def program(client: Client, portal: Portal) -> Program:
    return Program(client, await token_of(portal.api_tokens))


def failing(portal: Portal, failure: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the service of extensions fail in a way that the test chooses."""

    async def fail(*_: object) -> NoReturn:
        raise failure

    monkeypatch.setattr(portal.extensions, "page", fail)


FAILURES = [
    (NotFound("There is no such thing."), 404, "There is no such thing."),
    (Conflict("Somebody changed it."), 409, "Somebody changed it."),
    (Invalid({"": "All wrong.", "name": "Too long."}), 422, "All wrong."),
    (Forbidden("Not you."), 403, "Not you."),
    (TooManyAttempts(30), 429, "Too many attempts."),
    (AsteriskUnavailable("10.0.0.5:5038 refused user bridge"), 503, "Please try again"),
    (MailError("smtp.internal said no", permanent=True), 500, "noted in the log"),
    (RuntimeError("secret=hunter2"), 500, "noted in the log"),
    (TimeoutError(), 500, "noted in the log"),
]


@pytest.mark.parametrize(("failure", "status", "sentence"), FAILURES)
async def test_every_failure_has_its_problem(
    portal: Portal,
    program: Program,
    monkeypatch: pytest.MonkeyPatch,
    failure: Exception,
    status: int,
    sentence: str,
) -> None:
    failing(portal, failure, monkeypatch)
    with capture_logs(processors=[merge_contextvars]) as logs:
        answer = await program.ask("GET", "/extensions", headers={"Accept": "text/html"})
    problem = await answer.json(content_type=PROBLEM)
    assert (answer.status, problem["status"]) == (status, status)
    assert problem["detail"].startswith(sentence) or sentence in problem["detail"]
    assert problem["type"] == "about:blank"
    text = await answer.text()
    for leak in ("hunter2", "10.0.0.5", "smtp.internal", "Traceback", "RuntimeError"):
        assert leak not in text
    noted = [entry for entry in logs if entry["event"] == "request.failed"]
    assert len(noted) == (status == 500)
    if noted:
        assert problem["request_id"] == noted[0]["request_id"]


async def test_the_problem_names_the_fields_and_when_to_try_again(
    portal: Portal, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(portal, Invalid({"": "All wrong.", "name": "Too long."}), monkeypatch)
    assert (await program.told("GET", "/extensions", status=422))["errors"] == {"name": "Too long."}
    failing(portal, TooManyAttempts(30), monkeypatch)
    assert (await program.ask("GET", "/extensions")).headers["Retry-After"] == "30"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'"text"',
        b"null",
        b'{"number": NaN}',
        b'{"caller_id_name": "\\ud800"}',
        b'{"caller_id_name": "\xff"}',
        b"[" * 10_000,
        b'{"a":' * 5_000,
    ],
)
async def test_what_is_no_json_object_is_refused(program: Program, body: bytes) -> None:
    answer = await program.ask("POST", "/extensions", raw=body, headers={"Content-Type": JSON})
    assert answer.status == 400
    assert answer.content_type == PROBLEM


async def test_too_much_is_refused(program: Program) -> None:
    body = {"number": "1001", "caller_id_name": "x" * 70_000}
    problem = await program.told("POST", "/extensions", body, 413)
    assert problem["title"]


async def test_another_kind_of_data_is_refused_and_told_what_is_taken(program: Program) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = await program.ask("POST", "/extensions", raw=b"number=1001", headers=form)
    assert answer.status == 415
    assert answer.headers["Accept"] == JSON
    answer = await program.ask("PATCH", "/extensions/1001", raw=b"{}", headers=form)
    assert answer.status == 415
    assert answer.headers["Accept-Patch"] == f"application/merge-patch+json, {JSON}"
    merge = {"Content-Type": "application/merge-patch+json"}
    assert (await program.ask("POST", "/extensions", raw=b"{}", headers=merge)).status == 415


async def test_an_address_or_method_that_is_not_there(program: Program) -> None:
    for path in ("/nonsense", "/extensions/1001/nonsense", "", "/"):
        assert (await program.told("GET", path, status=404))["title"] == "Not Found"
    answer = await program.ask("DELETE", "/licences")
    assert answer.status == 405
    assert answer.content_type == PROBLEM
    assert answer.headers["Allow"] == "GET,HEAD"


async def test_pages_keep_their_own_errors(visitor: Visitor) -> None:
    assert "<html" in await (await visitor.get("/nonsense")).text()
    answer = await visitor.post(f"{API}/docs")
    assert answer.content_type == "text/html"
