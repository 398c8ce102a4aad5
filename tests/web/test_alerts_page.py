"""The Alerts screen and the number of open alerts on every page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pbxbridge.events import AlertsChanged
from pbxbridge.models.alert import Alert, AlertKind
from pbxbridge.models.webhook import OutgoingWebhook
from tests.web.test_live import streaming
from tests.web.visitor import Visitor
from web.app import Portal

NOW = datetime(2026, 11, 27, 8, 0, tzinfo=UTC)


async def alert(endpoint: str = "", phones: int = 1, *, ended: bool = False) -> Alert:
    return await Alert.create(
        kind=AlertKind.PHONE_DOWN if endpoint else AlertKind.MANY_DOWN,
        node="asterisk",
        endpoint=endpoint,
        phones=phones,
        since=NOW,
        until=NOW,
        opened_at=NOW + timedelta(minutes=5),
        ended_at=NOW + timedelta(minutes=9) if ended else None,
        open_key=None if ended else f"asterisk/{endpoint}",
    )


async def test_open_alerts_come_first_with_what_they_are_about(visitor: Visitor) -> None:
    await alert("1001", ended=True)
    await alert(phones=43)
    await alert("trunk-carrier-a")
    page = await (await visitor.get("/alerts")).text()
    assert '<a href="/extensions/1001/edit">Extension 1001</a> does not answer' in page
    assert '<a href="/extensions?state=UNREACHABLE">43 phones</a> went down together' in page
    assert "Trunk carrier-a</a> does not answer" in page
    assert page.count(">OPEN<") == 2
    assert page.index(">OPEN<") < page.index(">ended<")
    assert '<time datetime="2026-11-27T08:05:00+00:00">27 Nov 08:05 UTC</time>' in page


async def test_without_alerts_the_page_says_so(visitor: Visitor) -> None:
    assert "There are no alerts." in await (await visitor.get("/alerts")).text()


async def test_what_an_endpoint_is_called_is_text(visitor: Visitor) -> None:
    await alert("<b>1001")
    page = await (await visitor.get("/alerts")).text()
    assert "<b>1001" not in page
    assert "/extensions/%3Cb%3E1001/edit" in page


async def test_staff_sees_alerts_and_nobody_else(
    stranger: Visitor, operator: Visitor, person: Visitor
) -> None:
    await alert("1001")
    assert (await stranger.get("/alerts")).status == 303
    assert (await operator.get("/alerts")).status == 200
    assert (await person.get("/alerts")).status == 403
    assert 'href="/alerts"' in await (await operator.get("/extensions")).text()
    assert "/alerts" not in await (await person.get("/me")).text()


async def test_the_page_is_only_read(visitor: Visitor) -> None:
    assert (await visitor.post("/alerts")).status == 405


async def test_every_page_of_staff_counts_what_is_open(visitor: Visitor) -> None:
    assert "alert</a>" not in await (await visitor.get("/users")).text()
    await alert("1001")
    await alert("1002", ended=True)
    assert '<a class="bad" href="/alerts">1 alert</a>' in await (await visitor.get("/users")).text()


async def test_a_webhook_that_is_not_taken_is_told_and_one_under_way_is_not(
    visitor: Visitor,
) -> None:
    row = await OutgoingWebhook.create(key="1", event="states.changed", created_at=NOW, body="{}")
    assert "webhook" not in await (await visitor.get("/users")).text()
    row.last_error = "503 Service Unavailable"
    await row.save()
    assert "1 webhook not taken" in await (await visitor.get("/users")).text()


async def test_a_new_alert_reaches_the_browser(visitor: Visitor, portal: Portal) -> None:
    async with streaming(visitor) as stream:
        await stream.settled()
        await alert("1001")
        portal.bus.publish(AlertsChanged())
        assert "1 alert</a>" in (await stream.patch("waiting"))["waiting"]
        await stream.until("list")
