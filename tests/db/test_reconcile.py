"""What differs between the portal's tables and Asterisk's is found, and put right on demand."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random
from typing import Any

import pytest
from tortoise.models import Model

from pbxbridge.models.audit_entry import AuditEntry
from pbxbridge.models.extension import Extension
from pbxbridge.models.outbox import AsteriskNotice
from pbxbridge.models.realtime import (
    DialplanRow,
    IaxFriend,
    PsAor,
    PsAuth,
    PsEndpoint,
    PsIdentify,
    PsRegistration,
    Queue,
    QueueMember,
    StaticConfigRow,
    VoicemailBox,
)
from pbxbridge.services.actor import CONSOLE, Actor
from pbxbridge.services.extension_store import SiteDefaults
from pbxbridge.services.extensions import Extensions
from pbxbridge.services.reconcile.drift import Drift
from pbxbridge.services.reconcile.reconcile import Reconciler
from pbxbridge.services.reconcile.words import drift_lines
from tests.db.reconcile_site import (
    BOX,
    DAHDI,
    IAX2,
    OVERRIDE,
    SECRETS,
    SIP,
    VIRTUAL,
    contents,
    make_foreign_rows,
    make_site,
    other_value,
    without,
)
from tests.rig.databases import Databases, Engine, Template

# Rows that can be lost without a secret being lost.
HARMLESS: tuple[tuple[type[Model], str], ...] = (
    (PsEndpoint, "id"),
    (PsAor, "id"),
    (PsRegistration, "id"),
    (PsIdentify, "id"),
    (DialplanRow, "exten"),
    (Queue, "name"),
    (QueueMember, "queue_name"),
)
WITH_SECRETS: tuple[tuple[type[Model], str], ...] = (
    (PsAuth, "id"),
    (IaxFriend, "name"),
    (VoicemailBox, "mailbox"),
)


pytestmark = [pytest.mark.alembic, pytest.mark.usefixtures("database")]


@pytest.fixture
def reconciler() -> Reconciler:
    return Reconciler(SiteDefaults(60, 20))


@pytest.fixture
async def template(databases: Databases, engine: Engine) -> Template:
    return await databases.template(engine, make_site)


def labels(drifts: Iterable[Drift]) -> list[str]:
    return sorted(f"{row.fault} {row.label}" for drift in drifts for row in drift.rows)


async def repaired(reconciler: Reconciler) -> list[Drift]:
    return await reconciler.repair(CONSOLE, await reconciler.find())


async def test_what_the_services_wrote_does_not_differ(reconciler: Reconciler) -> None:
    report = await reconciler.find()
    assert (report.drifts, report.foreign) == ([], [])
    assert (report.extensions, report.trunks, report.groups) == (6, 2, 1)


THEIRS = {"doorphone", "Trunk-Telekom", "door", "uplink", "info", "700", "theirs"}


async def damage(chance: Random) -> list[str]:
    """Delete, change and add rows of ours; return what must be reported."""
    expected = []
    for model, named in (*HARMLESS, *WITH_SECRETS):
        rows = await model.all().values()
        ours = [row for row in rows if row[named] not in THEIRS]
        ours = [row for row in ours if row.get("context") not in {"lobby", "hotel"}]
        ours = [row for row in ours if row.get("app") != "Playback"]
        for row in chance.sample(ours, min(len(ours), chance.randrange(3))):
            key = {name: row[name] for name in _key_of(model)}
            label = f"{model._meta.db_table} {'/'.join(map(str, key.values()))}"
            if (model, named) in HARMLESS and chance.random() < 0.4:
                await model.filter(**key).delete()
                expected.append(f"missing {label}")
            else:
                await model.filter(**key).update(**other_value(chance, model, row))
                expected.append(f"different {label}")
    return expected + await _additions(chance) + await _lines(chance)


def _key_of(model: type[Model]) -> tuple[str, ...]:
    if model is DialplanRow:
        return ("context", "exten", "priority")
    if model is VoicemailBox:
        return ("context", "mailbox")
    if model is QueueMember:
        return ("queue_name", "interface")
    return ("name",) if model in (IaxFriend, Queue) else ("id",)


async def _additions(chance: Random) -> list[str]:
    endpoint = {**await PsEndpoint.all().first().values(), "id": VIRTUAL}
    auth: dict[str, Any] = {"auth_type": "userpass", "username": "x", "password": "x-x-x-x-x"}
    trunk = {**endpoint, "id": "trunk-gone"}
    gosub = {"app": "Gosub", "appdata": "sub-extension,s,1(PJSIP/1999,,20)"}
    step = {"context": "extensions", "exten": "1999", "priority": 1, **gosub}
    second = {**step, "exten": DAHDI, "priority": 2}
    did = {**step, "context": "did", "exten": "+49999", "app": "Goto", "appdata": "extensions,1,1"}
    box = {"context": "default", "mailbox": SIP, "password": "4711", "fullname": "x"}
    identify = {"id": "mine", "endpoint": "trunk-carrier", "match": "203.0.113.1"}
    agent = {**step, "context": "agents", "exten": "999", "app": "Return", "appdata": "x"}
    desk = {**step, "context": "agent-devices", "exten": VIRTUAL, "app": "NoOp", "appdata": ""}
    member = {
        "uniqueid": 7,
        "queue_name": "calls",
        "interface": "PJSIP/1999",
        "membername": "1999",
        "state_interface": "PJSIP/1999",
        "penalty": 0,
        "paused": 0,
    }
    possible: list[tuple[type[Model], dict[str, Any]]] = [
        (PsEndpoint, endpoint),
        (PsEndpoint, trunk),
        (PsAuth, {"id": f"{SIP}-auth", **auth}),
        (DialplanRow, step),
        (DialplanRow, second),
        (DialplanRow, did),
        (DialplanRow, agent),
        (DialplanRow, desk),
        (QueueMember, member),
        (VoicemailBox, box),
        (PsIdentify, identify),
    ]
    added = chance.sample(possible, chance.randrange(len(possible)))
    expected = []
    for model, row in added:
        await model.create(**row)
        key = "/".join(str(row[name]) for name in _key_of(model))
        expected.append(f"surplus {model._meta.db_table} {key}")
    if (DialplanRow, step) in added:
        # Whoever is left over is so with all its rows.
        await PsAuth.create(id="1999", **auth)
        expected.append("surplus ps_auths 1999")
    return expected


async def _lines(chance: Random) -> list[str]:
    contexts = sorted({row.category for row in await StaticConfigRow.exclude(category="x")})
    context = chance.choice(contexts)
    lines = StaticConfigRow.filter(category=context)
    match chance.randrange(3):
        case 0:
            await lines.delete()
            return [f"missing ast_config {context}"]
        case 1:
            await lines.filter(var_metric=0).update(var_val="_X.,1,Hangup()")
            return [f"different ast_config {context}"]
        case _:
            row = without(await lines.first().values(), "id")
            await StaticConfigRow.create(**{**row, "category": "cos-gone"})
            return ["surplus ast_config cos-gone"]


@pytest.mark.parametrize("seed", range(8))
async def test_any_damage_is_reported_exactly_and_repaired_to_what_was_there(
    reconciler: Reconciler, seed: int
) -> None:
    foreign = await make_foreign_rows()
    before = await contents("realtime", but=_PLACES)
    portal = await contents("portal", but=_MOMENTS)
    expected = await damage(Random(seed))  # noqa: S311 - nothing is secret here
    report = await reconciler.find()
    assert labels(report.drifts) == sorted(expected)
    assert sorted(report.foreign) == sorted(foreign)
    done = await reconciler.repair(CONSOLE, report)
    assert labels(done) == sorted(expected)
    again = await reconciler.find()
    assert (again.drifts, sorted(again.foreign)) == ([], sorted(foreign))
    assert await contents("realtime", but=_PLACES) == before
    after = await contents("portal", but=_MOMENTS)
    for table in ("portal_asterisk_notices", AuditEntry._meta.db_table):
        del after[table], portal[table]
    assert after == portal


# Contexts come in any order.
_PLACES = frozenset({"cat_metric"})
_MOMENTS = frozenset({"at", "created_at", "updated_at"})


async def test_lost_secrets_are_made_anew_and_said_to_be(reconciler: Reconciler) -> None:
    secrets = {OVERRIDE: PsAuth, IAX2: IaxFriend}
    before = await contents("realtime", but=SECRETS)
    await PsAuth.all().delete()
    await IaxFriend.all().delete()
    await VoicemailBox.all().delete()
    done = await repaired(reconciler)
    lost = {drift.name: drift.lost for drift in done if drift.lost}
    expected = {SIP: ("secret",), OVERRIDE: ("secret", "auth secret"), BOX: ("secret", "PIN")}
    assert lost == {**expected, IAX2: ("secret", "PIN")}
    for number, model in secrets.items():
        name, column = ("id", "password") if model is PsAuth else ("name", "secret")
        (row,) = await model.filter(**{name: number}).values()
        assert len(row[column]) == 24
    left = await reconciler.find()
    assert [(drift.name, drift.rows, drift.lost) for drift in left.drifts] == [
        ("carrier", (), ("secret",))
    ]
    # All but the carrier's.
    carriers = {name: len(rows) for name, rows in (await contents("realtime")).items()}
    carriers["ps_auths"] += 1
    assert carriers == {name: len(rows) for name, rows in before.items()}


async def test_a_pin_made_anew_is_not_taken_for_one_changed_by_phone(
    reconciler: Reconciler, extensions: Extensions
) -> None:
    await VoicemailBox.filter(mailbox=BOX).delete()
    await repaired(reconciler)
    box = await VoicemailBox.get(mailbox=BOX)
    assert box.password.isdigit()
    assert len(box.password) == 6
    assert (await extensions.get(BOX)).pin_changed_by_phone_at is None
    actions = await AuditEntry.filter(subject=BOX, actor="console").values_list("action", flat=True)
    assert sorted(map(str, actions)) == ["extension.pin-changed", "extension.reconciled"]


async def test_a_pin_changed_by_phone_is_no_drift(reconciler: Reconciler) -> None:
    await VoicemailBox.filter(mailbox=BOX).update(password="1357")
    assert (await reconciler.find()).drifts == []


async def test_what_is_said_and_audited_shows_what_was_and_what_should_be_but_no_secret(
    reconciler: Reconciler,
) -> None:
    await PsEndpoint.filter(id=SIP).update(context="cos-evil")
    await PsAuth.filter(id=SIP).update(password="")
    await PsAor.filter(id=SIP).delete()
    report = await reconciler.find()
    said = [line for drift in report.drifts for line in drift_lines(drift)]
    assert said == [
        f"extension {SIP}: ps_aors {SIP} is missing",
        f"extension {SIP}: ps_auths {SIP}: password is '***', should be '***'",
        f"extension {SIP}: ps_endpoints {SIP}: context is 'cos-evil', should be 'cos-internal'",
        f"extension {SIP}: its secret is lost",
    ]
    await reconciler.repair(CONSOLE, report)
    secret = (await PsAuth.get(id=SIP)).password
    entry = await AuditEntry.get(action="extension.reconciled")
    assert (entry.actor, entry.subject) == ("console", SIP)
    context = f"ps_endpoints {SIP} context"
    assert entry.before == {f"ps_aors {SIP}": "missing", context: "cos-evil"}
    assert entry.after == {f"ps_aors {SIP}": "written", context: "cos-internal"}
    assert secret
    assert secret not in repr(await AuditEntry.all().values())
    assert secret not in repr(report)


async def test_asterisk_is_told_of_what_was_repaired() -> None:
    reconciler = Reconciler(SiteDefaults(60, 20, sorcery_cache=True))
    await PsEndpoint.filter(id=SIP).delete()
    await PsAor.filter(id=BOX).update(qualify_frequency=60)
    await IaxFriend.filter(name=IAX2).update(context="cos-evil")
    await StaticConfigRow.filter(category="cos-internal").delete()
    await PsAor.filter(id="trunk-carrier").update(contact="sip:evil:5060")
    endpoint = await PsEndpoint.get(id=OVERRIDE).values()
    await PsEndpoint.create(**{**endpoint, "id": VIRTUAL})
    await repaired(reconciler)
    notices = await AsteriskNotice.all().order_by("id")
    told = sorted(f"{notice.kind} {notice.subject}" for notice in notices)
    assert told == [
        f"expire-aor {BOX}",
        "expire-aor trunk-carrier",
        f"expire-endpoint {SIP}",
        f"expire-endpoint {VIRTUAL}",
        f"forget-contacts {VIRTUAL}",
        f"refresh-qualify {BOX}",
        "reload-dialplan cos-internal",
        f"reload-peers {IAX2}",
        "reload-trunks trunk-carrier",
    ]
    assert [notice.kind.value.partition("-")[0] for notice in notices][:3] == ["expire"] * 3


async def test_a_changed_setting_is_drift_and_comes_to_every_extension() -> None:
    reconciler = Reconciler(SiteDefaults(30, 25))
    await repaired(reconciler)
    monitored = PsAor.filter(id__in=[SIP, OVERRIDE, BOX]).order_by("id")
    assert [aor.qualify_frequency for aor in await monitored] == [30, 30, 0]
    assert (await reconciler.find()).drifts == []


async def test_what_was_saved_after_the_look_is_left_alone(
    reconciler: Reconciler, extensions: Extensions, admin: Actor
) -> None:
    await PsEndpoint.filter(id=SIP).update(callerid="x")
    await PsEndpoint.filter(id=OVERRIDE).update(callerid="x")
    report = await reconciler.find()
    await extensions.update(admin, SIP, {"caller_id_name": "Renamed"})
    assert [drift.name for drift in await reconciler.repair(CONSOLE, report)] == [OVERRIDE]
    assert (await PsEndpoint.get(id=SIP)).callerid == f'"Renamed" <{SIP}>'


async def test_an_extension_that_only_the_tables_have_is_removed_with_all_its_rows(
    reconciler: Reconciler,
) -> None:
    await Extension.filter(number=BOX).delete()
    report = await reconciler.find()
    assert labels(report.drifts) == [
        f"surplus extensions extensions/{BOX}/1",
        f"surplus ps_aors {BOX}",
        f"surplus ps_auths {BOX}",
        f"surplus ps_endpoints {BOX}",
        f"surplus voicemail default/{BOX}",
    ]
    await reconciler.repair(CONSOLE, report)
    assert (await reconciler.find()).drifts == []
    assert not await PsEndpoint.filter(id=BOX).exists()
    assert await AsteriskNotice.filter(kind="forget-contacts", subject=BOX).exists()
