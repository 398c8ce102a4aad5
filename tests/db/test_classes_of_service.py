"""Classes of service: contexts of the dialplan, hours, and a PIN that nobody can read."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dialplan.pin import pin_hash
from pbxbridge.errors import Conflict, Invalid
from pbxbridge.events import EventBus
from pbxbridge.models.audit_entry import AuditEntry
from pbxbridge.models.calling import ClassOfService
from pbxbridge.models.outbox import AsteriskNotice, NoticeKind
from pbxbridge.models.realtime import StaticConfigRow
from pbxbridge.services.actor import Actor
from pbxbridge.services.calling.plan import ensure_built_in
from pbxbridge.services.extensions import Extensions
from tests.rig.calling import Calling, calling_on
from tests.web.forms import add

pytestmark = pytest.mark.alembic

PIN = "481516"


@pytest.fixture
async def site(database: str, bus: EventBus, admin: Actor) -> Calling:
    """A site with a route."""
    calling = calling_on(bus)
    await calling.trunks.create(admin, {"name": "carrier", "host": "sip.carrier.example"})
    values = {"name": "national", "pattern": "_0Z.", "trunks": ["carrier"]}
    await calling.routes.create(admin, values)
    await AsteriskNotice.all().delete()
    return calling


async def lines(category: str) -> list[str]:
    rows = StaticConfigRow.filter(category=category).order_by("var_metric")
    return [str(value) for value in await rows.values_list("var_val", flat=True)]


async def test_hours_are_those_of_the_include(site: Calling, admin: Actor) -> None:
    hours = {"days": "mon fri", "opens": "08:00", "closes": "18:00"}
    await site.classes.create(admin, {"name": "office", "routes": "national", **hours})
    assert await lines("cos-office") == [
        "features",
        "extensions",
        "routes-office,08:00-17:59,mon&fri,*,*",
    ]
    (notice,) = await AsteriskNotice.all()
    assert notice.kind is NoticeKind.RELOAD_DIALPLAN


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"days": ["mon"]}, "closes"),
        ({"days": ["mon"], "opens": "08:00"}, "closes"),
        ({"days": ["mon"], "opens": "18:00", "closes": "08:00"}, "closes"),
        ({"days": ["monday"]}, "days"),
        ({"routes": ["other"]}, "routes"),
        ({"asks_pin": True}, "pin"),
        ({"asks_pin": True, "pin": "12"}, "pin"),
        ({"name": "a_b"}, "name"),
        ({"name": "internal"}, "name"),
    ],
)
async def test_what_cannot_be_is_refused_beside_its_field(
    site: Calling, admin: Actor, values: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        await site.classes.create(admin, {"name": "office", **values})
    assert list(refused.value.fields) == [field]
    await ensure_built_in()  # what is stored can be read again


async def test_a_pin_is_nowhere_to_be_read(
    site: Calling, admin: Actor, capsys: pytest.CaptureFixture[str]
) -> None:
    values = {"name": "office", "routes": "national", "asks_pin": True, "pin": PIN}
    created = await site.classes.create(admin, values)
    assert created.fields.pin == ""
    (line,) = await lines("routes-office")
    stored = (await ClassOfService.get(name="office")).pin_hash
    assert stored == pin_hash(PIN, stored[:8])
    assert stored in line
    everything = [*await AuditEntry.all().values(), *await StaticConfigRow.all().values()]
    said = str(everything) + str(await ClassOfService.all().values()) + "".join(capsys.readouterr())
    assert PIN not in said
    assert stored not in str(await AuditEntry.all().values())
    assert await AuditEntry.filter(action="class-of-service.pin-changed").count() == 1
    # Left empty it stays; without asking there is none.
    await site.classes.update(admin, "office", {"description": "x"})
    assert (await ClassOfService.get(name="office")).pin_hash == stored
    await site.classes.update(admin, "office", {"asks_pin": False, "pin": "9999"})
    assert (await ClassOfService.get(name="office")).pin_hash == ""
    assert "9999" not in str(await StaticConfigRow.all().values())


async def test_a_class_in_use_stays_and_who_uses_it_is_named(
    site: Calling, extensions: Extensions, admin: Actor
) -> None:
    await site.classes.create(admin, {"name": "office"})
    await add(extensions, admin, "1001", class_of_service="office")
    with pytest.raises(Conflict, match="extension 1001"):
        await site.classes.delete(admin, "office")
    with pytest.raises(Conflict, match="the portal itself"):
        await site.classes.delete(admin, "internal")
    await extensions.update(admin, "1001", {"class_of_service": "internal"})
    await site.classes.delete(admin, "office")
    assert await lines("cos-office") == []


async def test_an_older_form_changes_nothing(site: Calling, admin: Actor) -> None:
    await site.classes.update(admin, "internal", {"routes": ["national"]})
    with pytest.raises(Conflict, match="changed meanwhile"):
        await site.classes.update(admin, "internal", {"routes": []}, version=1)


async def test_a_description_is_nothing_to_asterisk(site: Calling, admin: Actor) -> None:
    before = await StaticConfigRow.all().values()
    await site.classes.update(admin, "internal", {"description": "Everybody"})
    assert await StaticConfigRow.all().values() == before
    assert not await AsteriskNotice.exists()


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    values=st.dictionaries(
        st.sampled_from(["name", "description", "routes", "days", "opens", "closes", "pin"]),
        st.one_of(st.text(max_size=40), st.sampled_from(["${X}", "08:00", "mon", "a,b)", "\0"])),
    )
)
async def test_hostile_text_is_refused_or_harmless(
    site: Calling, admin: Actor, values: dict[str, str]
) -> None:
    try:
        created = await site.classes.create(admin, {"name": "office", "asks_pin": True, **values})
    except Invalid:
        return
    written = await StaticConfigRow.all().values_list("category", "var_name", "var_val")
    kept = "".join("".join(map(str, row)) for row in written)
    assert not set(kept) & set("${}[]\"';\n\\| ")
    await site.classes.delete(admin, created.fields.name)
