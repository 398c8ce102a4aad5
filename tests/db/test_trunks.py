"""A trunk is what chan_pjsip reads of it: these rows, and notices only where it must look."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pbxbridge.errors import Conflict, Invalid, NotFound
from pbxbridge.events import EventBus
from pbxbridge.models.audit_entry import AuditEntry
from pbxbridge.models.outbox import AsteriskNotice
from pbxbridge.models.realtime import (
    DialplanRow,
    PsAor,
    PsAuth,
    PsEndpoint,
    PsIdentify,
    PsRegistration,
    StaticConfigRow,
)
from pbxbridge.services.actor import Actor
from pbxbridge.services.calling.trunks import Trunks
from pbxbridge.services.extension_store import SiteDefaults

pytestmark = pytest.mark.alembic

ROWS = (PsAor, PsAuth, PsEndpoint, PsIdentify, PsRegistration, StaticConfigRow, DialplanRow)
CARRIER: dict[str, Any] = {
    "name": "carrier",
    "host": "sip.carrier.example",
    "registers": True,
    "username": "4930",
    "secret": "a-secret-of-ours",
    "caller_id": "+4930100",
    "addresses": ["192.0.2.0/28"],
}


# Each is allowed, and together they are longer than their column.
MANY = [f"2001:db8:1111:2222:3333:4444:5555:{n:x}" for n in range(4096, 4116)]


@pytest.fixture
def trunks(database: str, bus: EventBus) -> Trunks:
    return Trunks(bus, SiteDefaults(60, 20))


async def rows() -> list[Any]:
    return [await model.all().order_by(model._meta.pk_attr).values() for model in ROWS]


async def notices() -> list[str]:
    kinds = await AsteriskNotice.all().order_by("id").values_list("kind", flat=True)
    await AsteriskNotice.all().delete()
    return [str(kind) for kind in kinds]


async def test_a_trunk_is_written_where_asterisk_reads_it(trunks: Trunks, admin: Actor) -> None:
    await notices()
    await trunks.create(admin, CARRIER)
    endpoint = await PsEndpoint.get(id="trunk-carrier")
    assert (endpoint.context, endpoint.identify_by, endpoint.outbound_auth, endpoint.auth) == (
        "from-trunk",
        "ip",
        "trunk-carrier",
        "",
    )
    assert endpoint.set_var == "FROM_TRUNK=carrier"
    aor = await PsAor.get(id="trunk-carrier")
    assert (aor.contact, aor.qualify_frequency) == ("sip:sip.carrier.example:5060", 60)
    auth = await PsAuth.get(id="trunk-carrier")
    assert (auth.username, auth.password) == ("4930", "a-secret-of-ours")
    registration = await PsRegistration.get(id="trunk-carrier")
    assert registration.client_uri == "sip:4930@sip.carrier.example:5060"
    assert await PsIdentify.all().values_list("endpoint", "match") == [
        ("trunk-carrier", "192.0.2.0/28")
    ]
    assert await StaticConfigRow.filter(category="trunks").values_list("var_name", "var_val") == [
        ("exten", "carrier,1,Return(+4930100)")
    ]
    assert await notices() == ["reload-trunks", "reload-registrations", "reload-dialplan"]


async def test_a_description_is_nothing_to_asterisk(trunks: Trunks, admin: Actor) -> None:
    await trunks.create(admin, CARRIER)
    await notices()
    before = await rows()
    changed = await trunks.update(admin, "carrier", {"description": "The cheap one"})
    assert (changed.version, await rows(), await notices()) == (2, before, [])


async def test_saving_what_is_there_changes_nothing(trunks: Trunks, admin: Actor) -> None:
    created = await trunks.create(admin, CARRIER)
    assert await trunks.update(admin, "carrier", created.fields.model_dump()) == created


async def test_a_form_that_is_older_than_what_is_stored_changes_nothing(
    trunks: Trunks, admin: Actor
) -> None:
    await trunks.create(admin, CARRIER)
    await trunks.update(admin, "carrier", {"port": 5070})
    with pytest.raises(Conflict, match="changed meanwhile"):
        await trunks.update(admin, "carrier", {"port": 5080}, version=1)
    with pytest.raises(Conflict, match="changed meanwhile"):
        await trunks.delete(admin, "carrier", version=1)


async def test_an_empty_secret_keeps_the_present_one_and_none_is_audited(
    trunks: Trunks, admin: Actor
) -> None:
    created = await trunks.create(admin, CARRIER)
    assert created.fields.secret == ""
    await trunks.update(admin, "carrier", {"host": "sip2.carrier.example"})
    assert (await PsAuth.get(id="trunk-carrier")).password == CARRIER["secret"]
    await trunks.update(admin, "carrier", {"secret": "another-secret"})
    assert "secret-changed" in (await AuditEntry.all().order_by("-id").first()).action  # type: ignore[union-attr]
    assert CARRIER["secret"] not in str(await AuditEntry.all().values())


async def test_of_a_deleted_trunk_nothing_is_left(trunks: Trunks, admin: Actor) -> None:
    before = await rows()
    await trunks.create(admin, CARRIER)
    await trunks.delete(admin, "carrier")
    assert await rows() == before
    with pytest.raises(NotFound):
        await trunks.get("carrier")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"username": ""}, "username"),
        ({"secret": ""}, "secret"),
        ({"name": "first"}, "name"),
        ({"name": "fir-st"}, "name"),
        ({"name": "auth"}, "name"),
        ({"addresses": ["198.51.100.7"]}, "addresses"),
        ({"addresses": ["0.0.0.0/0"]}, "addresses"),
        ({"host": "198.51.100.9"}, "addresses"),
        ({"host": "a b"}, "host"),
        ({"port": 0}, "port"),
        ({"addresses": MANY}, "addresses"),
    ],
)
async def test_what_cannot_be_is_refused_beside_its_field(
    trunks: Trunks, admin: Actor, changes: dict[str, Any], field: str
) -> None:
    await trunks.create(
        admin, {"name": "first", "host": "first.example", "addresses": ["198.51.100.0/24"]}
    )
    before = await rows()
    with pytest.raises(Invalid) as refused:
        await trunks.create(admin, CARRIER | changes)
    assert list(refused.value.fields) == [field]
    assert await rows() == before


HOSTILE = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        ["${SHELL(id)}", "a,b", "x)\n[cos-internal]", "1;2", "fe80::1%a;b", "\0", "a&b"]
    ),
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    changes=st.dictionaries(
        st.sampled_from(["name", "description", "host", "username", "caller_id", "addresses"]),
        HOSTILE,
        min_size=1,
    )
)
async def test_hostile_text_is_refused_or_harmless(
    trunks: Trunks, admin: Actor, changes: dict[str, str]
) -> None:
    try:
        created = await trunks.create(admin, CARRIER | changes)
    except Invalid:
        return
    lines = await StaticConfigRow.all().values_list("category", "var_name", "var_val")
    assert not set("".join("".join(map(str, line)) for line in lines)) & set("${}[]\"';\n\\| ")
    endpoint = await PsEndpoint.get(id=f"trunk-{created.fields.name}")
    identify = await PsIdentify.all().values_list("match", flat=True)
    assert not set(endpoint.set_var + "".join(map(str, identify))) & set("${};,\n% ")
    await trunks.delete(admin, created.fields.name)
