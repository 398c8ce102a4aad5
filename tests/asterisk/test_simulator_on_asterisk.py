"""The simulator against a real Asterisk: of every number it says what Asterisk reaches.

The lines are those that production writes, in the tables where production writes them, included as
the real extensions.conf includes them. Only what they lead to is replaced: instead of making a call
it says which route, extension, group or feature code it was called for.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from dialplan.class_of_service import ClassOfService, context_of
from dialplan.extension_row import CallRules, extension_row
from dialplan.group_rows import group_rows
from dialplan.simulator import Answer, Ruling, Simulator
from pbxbridge.models import calling
from pbxbridge.models.database import open_database, write_transaction
from pbxbridge.models.realtime import DialplanRow
from pbxbridge.realtime.rows import dialplan_columns
from pbxbridge.services.calling.plan import read_plan, rewrite
from tests.rig.asterisk import REPOSITORY
from tests.rig.dial_oracle import NOBODY, DialOracle
from tests.rig.dialable_site import Site, site

SITES = 3
INCLUDED = '#include "classes_of_service.conf"'
# Each is called by the row or line that Asterisk found; the number was dialled by another Gosub().
STUBS = {
    "sub-extension": "extension/${ARG1}",
    "sub-group": "group/${ARG1}",
    "sub-refuse": "refuse/${ARG1}",
    "sub-route": "route/${ARG1}/${ARG2}/${ARG3}/${ARG4}/${ARG5}",
}


def dialplan() -> Iterator[str]:
    """The real dialplan as far as it decides what is reached."""
    real = (REPOSITORY / "dialplan" / "extensions.conf").read_text(encoding="utf-8")
    contexts = dict(re.findall(r"^\[([a-z-]+)\]\n(.*?)(?=^\[|\Z)", real, re.MULTILINE | re.DOTALL))
    assert INCLUDED in real
    yield from ("[globals]", INCLUDED, "[extensions]", contexts["extensions"], "[features]")
    for code in re.findall(r"^exten => ([^,]+),1,", contexts["features"], re.MULTILINE):
        yield f"exten => {code},1,Return(feature/{code})"
    yield from ("[sub-group-members]", contexts["sub-group-members"])
    for name, said in STUBS.items():
        yield f"[{name}]"
        yield f"exten => s,1,Set(REACHED={said})"
        yield " same => n,StackPop()"
        yield " same => n,Return(${REACHED})"


async def store(wanted: Site) -> None:
    """Store the site instead of what is there."""
    async with write_transaction() as transaction:
        await calling.Route.all().using_db(transaction).delete()
        await calling.ClassOfService.all().using_db(transaction).delete()
        await DialplanRow.all().using_db(transaction).delete()
        for route in wanted.routes:
            await calling.Route.create(
                using_db=transaction,
                name=route.name,
                description="",
                pattern=route.pattern.text,
                strip=route.strip,
                prepend=route.prepend,
                trunks=list(route.trunks),
                emergency=route.emergency,
            )
        for each in wanted.classes:
            await calling.ClassOfService.create(
                using_db=transaction, description="", **class_columns(each)
            )
        rows = [extension_row(n, CallRules(f"PJSIP/{n}", "", 20, "any")) for n in wanted.extensions]
        for number, ring_time in wanted.groups.items():
            # More members than fit into one row.
            rows += group_rows(number, [f"PJSIP/{n}" for n in range(100000, 100040)], ring_time, "")
        await DialplanRow.bulk_create(
            [DialplanRow(**dialplan_columns(row)) for row in rows], using_db=transaction
        )
        await rewrite(transaction)


def class_columns(each: ClassOfService) -> dict[str, object]:
    """A class of service as its row has it."""
    hours = each.hours
    return {
        "name": each.name,
        "routes": sorted(each.routes),
        "days": " ".join(hours.days) if hours else "",
        "opens": f"{hours.opens:%H:%M}" if hours else "",
        "closes": f"{hours.closes:%H:%M}" if hours else "",
        "pin_hash": each.pin_hash,
    }


def reached(answer: Answer, number: str, wanted: Site, pin: str) -> str:
    """What Asterisk must reach if the simulator's answer is right."""
    route = answer.route
    match answer.ruling:
        case Ruling.EXTENSION:
            ring_time = wanted.groups.get(number)
            return f"group/{ring_time}" if ring_time else f"extension/PJSIP/{number}"
        case Ruling.FEATURE if answer.feature:
            return f"feature/{answer.feature.pattern.text}"
        case Ruling.FORBIDDEN if route and answer.is_found:
            return f"refuse/{route.name}"
        case Ruling.EMERGENCY | Ruling.ROUTE if route:
            last = "emergency" if route.emergency else pin
            trunks = "&".join(route.trunks)
            return f"route/{route.name}/{route.strip}/{route.prepend}/{trunks}/{last}"
        case _:
            return NOBODY


async def test_simulator_and_asterisk_agree(tmp_path: Path, database_path: Path) -> None:
    rulings: Counter[Ruling] = Counter()
    wrong = []
    oracle = DialOracle(tmp_path, database_path, dialplan=list(dialplan()))
    async with open_database(f"sqlite://{database_path}"), oracle:
        for seed in range(SITES):
            at = await a_moment_away_from_midnight()
            wanted = site(seed, at)
            await store(wanted)
            plan = await read_plan()
            there = {*wanted.extensions, *wanted.groups}
            simulator = Simulator(plan.classes, plan.routes.values(), there.__contains__)
            names = list(plan.classes)
            answers = await oracle.ask([(context_of(name), wanted.numbers) for name in names])
            for name, taken in zip(names, answers, strict=True):
                for number, by_asterisk in zip(wanted.numbers, taken, strict=True):
                    answer = simulator.ask(name, number, at)
                    rulings[answer.ruling] += 1
                    by_us = reached(answer, number, wanted, plan.classes[name].pin_hash)
                    assert answer.ruling.allows != by_us.startswith(("refuse", NOBODY))
                    if by_us != by_asterisk:
                        wrong.append((seed, name, number, by_asterisk, by_us))
    pairs = sum(rulings.values())
    print(f"{pairs} pairs: {dict(rulings)}")
    assert not wrong, f"{len(wrong)} of {pairs} pairs: {wrong[:5]}"
    assert pairs > 4_000, f"{pairs} pairs prove little"
    assert all(rulings[ruling] > 50 for ruling in Ruling), rulings


async def a_moment_away_from_midnight() -> datetime:
    """The present; at 23:59 no hours can hold, so it is waited for until that is over."""
    now = datetime.now()
    if now.strftime("%H:%M") in ("23:58", "23:59"):
        await asyncio.sleep((now.replace(hour=23, minute=59, second=59) - now).seconds + 2)
    return datetime.now()
