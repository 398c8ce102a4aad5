"""The headers that every answer carries."""

import pytest

from tests.web.visitor import Client, Visitor

PATHS = ["/extensions", "/sign-in", "/static/css/base.css", "/healthz", "/nonsense", "/live"]


@pytest.mark.parametrize("path", PATHS)
async def test_every_answer_is_locked_down(visitor: Visitor, path: str) -> None:
    async with await visitor.get(path) as answer:
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert "Python" not in answer.headers["Server"]


async def test_pages_are_not_stored_and_files_are_revalidated(visitor: Visitor) -> None:
    for path in ("/extensions", "/sign-in", "/nonsense"):
        assert (await visitor.get(path)).headers["Cache-Control"] == "no-store"
    file = await visitor.get("/static/js/live.js")
    assert file.headers["Cache-Control"] == "no-cache"
    again = await visitor.get("/static/js/live.js", headers={"If-None-Match": file.headers["ETag"]})
    assert again.status == 304


async def test_static_files_stay_in_their_folder(client: Client) -> None:
    for path in ("/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py", "/static/"):
        assert (await client.get(path)).status in (401, 403, 404), path


async def test_health_says_ok_and_nothing_else(client: Client) -> None:
    answer = await client.get("/healthz")
    assert answer.status == 200
    assert await answer.json() == {"status": "ok"}


async def test_pages_hold_no_inline_script_or_style(visitor: Visitor) -> None:
    text = await (await visitor.get("/extensions")).text()
    assert "<script>" not in text
    assert "<style" not in text
    assert ' style="' not in text
    assert " onclick=" not in text
