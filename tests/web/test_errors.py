"""What goes wrong is one plain page, or one sentence for htmx, and leaks nothing."""

from typing import NoReturn

import pytest
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from pbxbridge.errors import AsteriskUnavailable, Conflict, Forbidden, Invalid, MailError, NotFound
from tests.web.visitor import Client, Visitor
from web.app import Portal

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def failing(portal: Portal, failure: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the service of extensions fail in a way that the test chooses."""

    async def fail(*_: object, **__: object) -> NoReturn:
        raise failure

    monkeypatch.setattr(portal.extensions, "page", fail)


FAILURES = [
    (NotFound("There is no such thing."), 404, "There is no such thing"),
    (Conflict("Somebody changed it."), 409, "Somebody changed it."),
    (Invalid({"name": "Too long."}), 422, "Too long."),
    (Forbidden("Not you."), 403, "Not you."),
    (AsteriskUnavailable("10.0.0.5:5038 refused user bridge"), 503, "Please try again"),
    (MailError("smtp.internal said no", permanent=True), 500, "has been noted"),
    (RuntimeError("secret=hunter2"), 500, "has been noted"),
    (TimeoutError(), 500, "has been noted"),
]


@pytest.mark.parametrize(("failure", "status", "sentence"), FAILURES)
@pytest.mark.parametrize("htmx", [True, False])
async def test_every_failure_has_its_answer(
    portal: Portal,
    visitor: Visitor,
    monkeypatch: pytest.MonkeyPatch,
    failure: Exception,
    status: int,
    sentence: str,
    htmx: bool,
) -> None:
    failing(portal, failure, monkeypatch)
    with capture_logs() as logs:
        answer = await visitor.get("/extensions", htmx=htmx)
    text = await answer.text()
    assert answer.status == status
    assert sentence in text
    assert ("<html" in text) is not htmx
    for leak in ("hunter2", "10.0.0.5", "smtp.internal", "Traceback", "RuntimeError"):
        assert leak not in text
    noted = [entry for entry in logs if entry["event"] == "request.failed"]
    assert len(noted) == (1 if status == 500 else 0)


async def test_the_page_of_a_failure_carries_the_number_that_is_in_the_log(
    portal: Portal, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(portal, RuntimeError("boom"), monkeypatch)
    with capture_logs(processors=[merge_contextvars]) as logs:
        answer = await visitor.get("/extensions")
    assert f"<code>{logs[0]['request_id']}</code>" in await answer.text()


async def test_what_is_not_there_is_the_title_and_no_page_is_missed(visitor: Visitor) -> None:
    answer = await visitor.get("/extensions/7777/edit")
    text = await answer.text()
    assert answer.status == 404
    assert "<title>There is no extension 7777 · pbxbridge</title>" in text
    assert "<h1>There is no extension 7777</h1>" in text
    assert "no such page" not in text
    part = await visitor.get("/extensions/7777/edit", htmx=True)
    assert await part.text() == "There is no extension 7777."


async def test_whoever_is_signed_in_keeps_the_menu(
    visitor: Visitor, person: Visitor, operator: Visitor, stranger: Visitor
) -> None:
    for answer, status in (
        (await visitor.get("/nonsense"), 404),
        (await person.get("/extensions"), 403),
        (await operator.post("/extensions"), 403),
        (await visitor.get("/extensions/7777/edit"), 404),
    ):
        text = await answer.text()
        assert answer.status == status
        assert '<nav id="menu"' in text
        assert 'action="/sign-out"' in text
    # Who is not, with a form that cannot be read: a page without anything of the system.
    answer = await stranger.client.post(
        "/sign-in", data=b"\xff", headers={"Accept": "text/html", **FORM}
    )
    assert (answer.status, '<nav id="menu"' in await answer.text()) == (400, False)


async def test_a_menu_that_fails_leaves_the_error_as_it_is(
    portal: Portal, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_: object) -> NoReturn:
        raise RuntimeError("secret=hunter2")

    monkeypatch.setattr(type(portal.overview), "waiting", fail)
    with capture_logs():
        answer = await visitor.get("/extensions/7777/edit")
    text = await answer.text()
    assert (answer.status, '<nav id="menu"' in text) == (404, False)
    assert "There is no extension 7777" in text


async def test_an_address_or_method_that_is_not_there(visitor: Visitor) -> None:
    assert "There is no such page" in await (await visitor.get("/nonsense")).text()
    answer = await visitor.post("/extensions/new-extension")
    assert answer.status == 405
    assert "GET" in answer.headers["Allow"]


async def test_too_large_a_form_is_refused(visitor: Visitor) -> None:
    answer = await visitor.post("/extensions", {"caller_id_name": "x" * 70_000})
    assert answer.status == 413


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"login=\xff\xfe", FORM, 400),
        (b"login=admin", {"Content-Type": FORM["Content-Type"] + "; charset=nonsense"}, 415),
        (b"{}", {"Content-Type": "application/json"}, 415),
        (b"--x", {"Content-Type": "multipart/form-data; boundary=x"}, 415),
        (b"login=admin&login=root&password=%00%ff", FORM, 403),
        (b"login=%ed%a0%80&password=x", FORM, 403),
        (b"", FORM, 403),
    ],
)
async def test_a_form_that_is_no_form_is_no_500(
    client: Client, body: bytes, headers: dict[str, str], status: int
) -> None:
    answer = await client.post("/sign-in", data=body, headers=headers)
    assert answer.status == status
