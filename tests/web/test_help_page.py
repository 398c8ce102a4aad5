"""The Help page: the feature codes, for whoever is signed in."""

from __future__ import annotations

import html

from dialplan.feature_codes import FEATURE_CODES
from tests.web.visitor import Visitor


async def test_every_role_reads_every_code_and_has_the_page_in_its_menu(
    visitor: Visitor, operator: Visitor, person: Visitor, stranger: Visitor
) -> None:
    for who in (visitor, operator, person):
        answer = await who.get("/help")
        text = html.unescape(await answer.text())
        assert answer.status == 200
        for code in FEATURE_CODES:
            for shown in (code.shown, code.title, code.explanation):
                assert shown in text
        assert "No code changes an extension: only an administrator can." in text
        assert '<a href="/help" aria-current="page">Help</a>' in text
    assert (await stranger.get("/help")).status == 303


async def test_staff_has_one_entry_for_all_that_is_about_calling(
    visitor: Visitor, person: Visitor
) -> None:
    for path, label in (("/trunks", "Trunks"), ("/inbound", "Trunks"), ("/routes", "Routes")):
        text = await (await visitor.get(path)).text()
        assert '<a href="/classes" aria-current="true">Calling</a>' in text
        current = "true" if path == "/inbound" else "page"
        assert f'aria-current="{current}">{label}</a>' in text
    text = await (await person.get("/help")).text()
    assert "/classes" not in text
