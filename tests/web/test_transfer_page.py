"""The page of import and export: files come and go, and what an import would do is shown first."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Mapping

import pytest
from aiohttp import FormData

from pbxbridge.errors import Conflict
from pbxbridge.services.actor import Actor
from pbxbridge.services.extensions import Extensions
from pbxbridge.services.people import Role
from pbxbridge.services.transfer import transfer as transfer_module
from pbxbridge.services.transfer.csv_format import LARGEST_FILE
from pbxbridge.services.transfer.desk import FAULT, RUNNING, ImportDesk, Stage
from tests.eventually import eventually
from tests.rig.transfer import file_of
from tests.web.conftest import Prepared
from tests.web.forms import add, numbers
from tests.web.visitor import Client, Visitor

DIGEST = re.compile(r'name="digest" value="([0-9a-f]+)"')


def new(number: str, **cells: str) -> Mapping[str, str]:
    return {"number": number, "caller_id_name": f"Desk {number}", **cells}


async def send(
    visitor: Visitor, data: bytes, name: str = "new.csv", *, csrf: str | None = None
) -> int:
    """Send a file as the page's form does; return the status."""
    form = FormData()
    form.add_field("csrf", visitor.csrf if csrf is None else csrf)
    form.add_field("format", "auto")
    form.add_field("file", io.BytesIO(data), filename=name, content_type="text/csv")
    async with visitor.client.post(
        "/transfer",
        data=form,
        headers={"Accept": "text/html", "Origin": str(visitor.client.make_url("/").origin())},
        cookies=visitor.cookies,
        allow_redirects=False,
    ) as answer:
        return answer.status


async def page(visitor: Visitor, path: str = "/transfer") -> str:
    return html.unescape(await (await visitor.get(path)).text())


async def checked(visitor: Visitor, imports: ImportDesk, data: bytes) -> str:
    """Send a file, and return the page once it is checked."""
    assert await send(visitor, data) == 303
    await settled(imports)
    return await page(visitor)


async def settled(imports: ImportDesk) -> None:
    await eventually(lambda: imports.job and imports.job.stage not in RUNNING, seconds=15)


async def test_a_file_is_shown_first_and_then_imported(
    visitor: Visitor, imports: ImportDesk, extensions: Extensions, admin: Actor
) -> None:
    await add(extensions, admin, "1001")
    file = file_of(new("1001", phone_group="Sales", secret="my-new-secret"), new("1002"))
    shown = await checked(visitor, imports, file)
    assert "would create 1 extension and change 1." in shown
    assert "SIP extension of Desk 1002" in shown
    changes = await page(visitor, "/transfer?show=change")
    assert "Phone Group <code>phone_group</code>: <del>(empty)</del> → <ins>Sales</ins>" in changes
    assert "Secret <code>secret</code>: a new one" in changes
    assert "my-new-secret" not in shown + changes
    assert await numbers(extensions) == ["1001"]

    digest = DIGEST.findall(shown)[0]
    assert (await visitor.post("/transfer/apply", {"digest": digest})).status == 303
    await settled(imports)
    for _ in range(2):  # the result is kept until it was seen
        assert "1 created, 1 changed." in await page(visitor)
    assert await numbers(extensions) == ["1001", "1002"]
    assert (await extensions.get("1001")).phone_group == "Sales"
    assert (await visitor.post("/transfer/close")).status == 303
    assert 'type="file"' in await page(visitor)


async def test_mistakes_are_shown_and_nothing_can_be_imported(
    visitor: Visitor, imports: ImportDesk, extensions: Extensions
) -> None:
    shown = await checked(visitor, imports, file_of(new("1001", voicemail="yes"), new("1002")))
    assert "1 mistake." in shown
    assert "Voicemail PIN <code>voicemail_pin</code>: A voicemail box needs a PIN." in shown
    assert not DIGEST.search(shown)
    assert imports.job
    assert imports.job.plan
    digest = imports.job.plan.digest
    assert (await visitor.post("/transfer/apply", {"digest": digest})).status == 409
    assert await numbers(extensions) == []


async def test_a_mistake_names_the_field_as_the_screen_does_and_the_column_as_the_file(
    visitor: Visitor, imports: ImportDesk
) -> None:
    file = b"extension,name,secret,tech,voicemail_enable,voicemail_vmpwd\n1,A,,pjsip,yes,12\n"
    shown = await checked(visitor, imports, file)
    assert "Voicemail PIN <code>voicemail_vmpwd</code>: " in shown


async def test_a_file_that_cannot_be_read_is_refused_with_the_reason(
    visitor: Visitor, imports: ImportDesk
) -> None:
    shown = await checked(visitor, imports, b"number,colour\n1,red\n")
    assert "Column <code>colour</code>: There is no such column." in shown


async def test_names_are_shown_escaped(visitor: Visitor, imports: ImportDesk) -> None:
    hostile = "<script>alert(1)</script>"
    await send(visitor, file_of(new("1", caller_id_name=hostile)), name=f"{hostile}.csv")
    await settled(imports)
    raw = await (await visitor.get("/transfer")).text()
    assert "<script>alert" not in raw


async def test_ten_thousand_rows_make_no_page_of_ten_thousand_rows(
    visitor: Visitor, imports: ImportDesk
) -> None:
    shown = await checked(visitor, imports, file_of(*(new(str(n)) for n in range(10_000, 10_250))))
    assert shown.count('<th scope="row">') == 100
    assert "Page 1 of 3" in shown
    last = await page(visitor, "/transfer?show=create&page=3")
    assert last.count('<th scope="row">') == 50
    for strange in ("show=nonsense", "page=0", "page=x", "page=99999"):
        assert 'scope="row"' in await page(visitor, f"/transfer?{strange}")


async def test_at_most_a_thousand_mistakes_are_shown(visitor: Visitor, imports: ImportDesk) -> None:
    rows = [new(str(n), voicemail="yes") for n in range(10_000, 11_100)]
    shown = await checked(visitor, imports, file_of(*rows))
    assert "1,100 mistakes" in shown
    assert "Page 1 of 10" in shown


async def test_a_plan_of_another_file_is_not_carried_out(
    visitor: Visitor, imports: ImportDesk, extensions: Extensions
) -> None:
    seen = DIGEST.findall(await checked(visitor, imports, file_of(new("1001"))))[0]
    await checked(visitor, imports, file_of(new("1002")))
    assert (await visitor.post("/transfer/apply", {"digest": seen})).status == 409
    assert await numbers(extensions) == []


async def test_what_changed_since_the_check_stops_the_import(
    visitor: Visitor, imports: ImportDesk, extensions: Extensions, admin: Actor
) -> None:
    shown = await checked(visitor, imports, file_of(new("1001"), new("1002")))
    await add(extensions, admin, "1001")
    await visitor.post("/transfer/apply", {"digest": DIGEST.findall(shown)[0]})
    await settled(imports)
    assert "was changed meanwhile. Nothing was imported." in await page(visitor)
    assert await numbers(extensions) == ["1001"]


async def test_one_import_at_a_time(imports: ImportDesk, admin: Actor, visitor: Visitor) -> None:
    """Without waiting in between, so the first is still running."""
    imports.check(admin, "first.csv", file_of(new("1001")))
    with pytest.raises(Conflict, match=r"admin is importing first\.csv"):
        imports.check(Actor("eve", ""), "second.csv", b"")
    with pytest.raises(Conflict):
        imports.close()
    await settled(imports)
    assert imports.job
    assert imports.job.file_name == "first.csv"
    imports.close()


async def test_progress_is_shown_while_it_runs(
    visitor: Visitor, imports: ImportDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [new(str(n)) for n in range(10_000, 13_000)]
    await send(visitor, file_of(*rows))
    seen = []
    while imports.job and imports.job.stage is Stage.CHECKING:
        seen.append(await (await visitor.get("/transfer/import", htmx=True)).text())
    assert any("Checking" in part and " of 3,000" in part for part in seen)
    assert all('hx-trigger="every 500ms"' in part for part in seen[:-1])
    assert "would create 3,000" in await (await visitor.get("/transfer/import", htmx=True)).text()


async def test_a_fault_of_ours_is_told_and_the_next_file_is_taken(
    visitor: Visitor, imports: ImportDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_: object) -> None:
        raise RuntimeError("a bug with a secret-value")

    with monkeypatch.context() as patched:
        patched.setattr(transfer_module, "read_table", fails)
        shown = await checked(visitor, imports, file_of(new("1001")))
    assert FAULT in shown
    assert "secret-value" not in shown
    assert "would create 1" in await checked(visitor, imports, file_of(new("1001")))


async def test_an_export_is_a_file_with_its_date(
    visitor: Visitor, extensions: Extensions, admin: Actor
) -> None:
    await add(extensions, admin, "1001", voicemail=True, voicemail_pin="48151")
    answer = await visitor.get("/transfer/export")
    assert answer.content_type == "text/csv"
    assert re.fullmatch(
        r'attachment; filename="extensions-\d{4}-\d\d-\d\d\.csv"',
        answer.headers["Content-Disposition"],
    )
    text = await answer.text()
    assert "1001,SIP,Desk 1001" in text
    assert "48151" not in text


@pytest.mark.parametrize("csrf", ["", "0" * 64])
async def test_no_file_is_taken_without_the_sessions_token(
    visitor: Visitor, imports: ImportDesk, csrf: str
) -> None:
    assert await send(visitor, file_of(new("1001")), csrf=csrf) == 403
    assert imports.job is None


async def test_a_file_larger_than_allowed_is_refused(visitor: Visitor, imports: ImportDesk) -> None:
    assert await send(visitor, b"x" * (LARGEST_FILE + 1)) == 413
    assert imports.job is None


async def test_other_forms_are_as_small_as_before_and_take_no_files(visitor: Visitor) -> None:
    form = FormData({"csrf": visitor.csrf})
    form.add_field("file", b"x", filename="x.csv")
    for path in ("/transfer/apply", "/extensions"):
        answer = await visitor.client.post(path, data=form(), cookies=visitor.cookies)
        assert answer.status == 415


CUT_OFF = b'--x\r\nContent-Disposition: form-data; name="csrf"'


@pytest.mark.parametrize("body", [b"", b"--x", b"--x\r\n\r\n", b"garbage", CUT_OFF])
async def test_a_broken_upload_is_no_500(visitor: Visitor, body: bytes) -> None:
    for headers in ({}, {"X-CSRF-Token": visitor.csrf}):
        answer = await visitor.client.post(
            "/transfer",
            data=body,
            headers={"Content-Type": "multipart/form-data; boundary=x", **headers},
            cookies=visitor.cookies,
        )
        assert answer.status in {400, 403, 422}


async def test_a_form_without_a_file_asks_for_one(visitor: Visitor, imports: ImportDesk) -> None:
    assert await send(visitor, b"", name="") == 422
    assert imports.job is None


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.USER])
async def test_only_administrators_import(client: Client, prepared: Prepared, role: Role) -> None:
    other = Visitor(client, prepared.tokens[role])
    assert (await other.get("/transfer/import")).status == 403
    assert await send(other, file_of(new("1001"))) == 403


async def test_an_operator_exports_what_the_list_shows_and_sees_no_import(
    operator: Visitor,
    visitor: Visitor,
    person: Visitor,
    imports: ImportDesk,
    extensions: Extensions,
    admin: Actor,
) -> None:
    await add(extensions, admin, "1001", voicemail=True, voicemail_pin="48151")
    await checked(visitor, imports, file_of(new("1002", secret="my-new-secret")))
    text = await page(operator)
    assert 'href="/transfer/export"' in text
    for part in ("<form method", "Import</h", "new.csv", "1002"):
        assert part not in text.partition("<main")[2]
    answer = await operator.get("/transfer/export")
    told = await answer.text()
    assert (answer.status, "1001,SIP,Desk 1001" in told, "48151" in told) == (200, True, False)
    for path in ("/transfer", "/transfer/export"):
        assert (await person.get(path)).status == 403
