import time

from pbxbridge.settings import ONLY_NODE
from tests.rig.queue_events import caller, member
from tests.web.browser.visit import signed_in


async def test_shots(browser, client, prepared, portal, extensions, admin, queue_board):
    for n, f, l in (
        ("101", "Ada", "Lovelace"),
        ("102", "Grace", "Hopper"),
        ("103", "Maximiliane-Katharina", "von Hohenlohe-Langenburg"),
        ("1" * 20, "W" * 40, "W" * 40),
    ):
        await portal.agents.create(
            admin, {"number": n, "first_name": f, "last_name": l, "pin": "8642"}
        )
    await portal.queues.create(
        admin,
        {
            "name": "sales",
            "number": "600",
            "agents": "101,102:5,103",
            "extensions": "1001",
            "wrap_up": "10",
        },
    )
    await portal.queues.create(
        admin, {"name": "night-service-of-the-house", "number": "601", "agents": "101," + "1" * 20}
    )
    queue_board.heard(
        ONLY_NODE,
        [member("101", "1001"), member("102", "1002", paused=True, reason="Lunch")],
        [caller("1.1", time.time())],
    )
    for w in (1280, 390):
        for path, name in (
            ("/agents", "agents"),
            ("/agents/101/edit", "agent-edit"),
            ("/agents/101/delete", "agent-delete"),
            ("/queues", "queues"),
            ("/queues/sales/edit", "queue-edit"),
            ("/queues/new", "queue-new"),
            ("/queues/sales/delete", "queue-delete"),
        ):
            async with signed_in(
                browser, client, prepared.token, path, viewport={"width": w, "height": 800}
            ) as page:
                await page.screenshot(path=f"/tmp/a8/{name}-{w}.png", full_page=True)
