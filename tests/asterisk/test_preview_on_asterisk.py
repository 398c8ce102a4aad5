"""The preview against real calls: who rings, which mailbox answers, how the call is refused.

Every setup is called once, all at the same time. What the phones do is known, so the preview's
cases lead to one end for each: the call must come to that end.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

import pytest

from dialplan.call_steps import Cause, GroupRings, Refused, Rings, Step, TwinState, Voicemail, When
from dialplan.class_of_service import DAYS
from pbxbridge.services.calling.preview import Preview
from pbxbridge.services.extension_input import FORWARDS
from pbxbridge.services.extension_store import SiteDefaults
from tests.rig.system import QUALIFY_SECONDS, RING_SECONDS, TESTER, System
from tests.sip import Answer, Busy, Decline, Phone, Ring
from tests.sip.call import CallState
from tests.sip.outgoing import OutgoingCall
from tests.sip.policy import Policy

STATUS = {
    Cause.BUSY: 486,
    Cause.NO_ANSWER: 480,
    Cause.UNREACHABLE: 480,
    Cause.FORBIDDEN: 403,
    Cause.FORWARDED_TOO_OFTEN: 603,
    Cause.NO_CIRCUIT: 503,
}
BOX = {"voicemail": True, "voicemail_pin": "8642"}
OUTSIDE = "0301234567"
# Each call takes two media ports for each leg, of which the rig has 40.
AT_ONCE = 6
POINTING = (*FORWARDS, "twinning_number")
# What the registered phones do.
PHONES: Mapping[str, Policy] = {
    "3001": Answer(),
    "3002": Busy(),
    "3003": Ring(),
    "3102": Answer(),
    "3103": Answer(),
    "3108": Busy(),
    "3109": Ring(),
    "3110": Ring(),
    "3111": Busy(),
    "3113": Decline(),
    "3151": Ring(),
    "3161": Ring(),
    "3162": Busy(),
    "3163": Busy(),
}
# What each extension is, besides a name. Those without a phone here are not registered.
SETUPS: Mapping[str, Mapping[str, object]] = {
    "3001": {},
    "3002": {},
    "3003": {},
    "3005": {},
    "3100": {"forward_all": "3001"},
    "3101": {"forward_all": "voicemail", **BOX},
    "3102": {"do_not_disturb": True},
    "3103": {"do_not_disturb": True, **BOX},
    "3104": {"device_type": "VIRTUAL", **BOX},
    "3105": {"device_type": "VIRTUAL", "forward_all": "3003", **BOX},
    "3106": {"forward_unregistered": "3001"},
    "3107": {"forward_unregistered": "voicemail", **BOX},
    "3108": {"forward_busy": "3001"},
    "3109": {"forward_no_answer": "3001", **BOX},
    "3110": {"forward_busy": "3001", **BOX},
    "3111": {"forward_busy": "3112"},
    "3112": {"forward_unregistered": "3002", **BOX},
    "3113": {**BOX},
    # Longer than the limit of forwards.
    **{f"312{place}": {"forward_all": f"312{place + 1}"} for place in range(6)},
    "3126": {**BOX},
    # Just as long as the limit, with somebody at the end who answers.
    **{f"313{place}": {"forward_all": f"313{place + 1}"} for place in range(4)},
    "3134": {"forward_all": "3001"},
    "3150": {"twinning_number": "3001"},
    "3151": {"twinning_number": "3002"},
    "3152": {"twinning_number": "3005", "forward_unregistered": "3001"},
    "3153": {"twinning_number": "3102", "forward_busy": "3001"},
    "3154": {"twinning_number": "3190", "forward_no_answer": "3001"},
    # Out of hours the route is not there.
    "3155": {"class_of_service": "closed", "twinning_number": OUTSIDE, **BOX},
    "3156": {"class_of_service": "closed", "forward_all": OUTSIDE},
    "3161": {"phone_group": "ringing"},
    "3162": {"phone_group": "busy"},
    "3163": {"phone_group": "busy"},
    "3164": {"phone_group": "absent", **BOX},
    "3165": {"forward_all": "3191"},
    "3166": {"forward_all": "3190", **BOX},
}
GROUPS = {"ringing": ("3191", "3001"), "busy": ("3192", ""), "absent": ("3190", "3104")}


@dataclass(frozen=True)
class End:
    """Who rang, and how it ended: ``3001`` (who answered), a mailbox, or a SIP status."""

    rang: frozenset[str]
    end: str


def predicted(steps: Iterable[Step], rang: frozenset[str] = frozenset()) -> End:
    """Follow the preview with what the phones do."""
    for step in steps:
        match step:
            case Rings():
                ringing = [step.number] if step.has_device else []
                ringing += [step.twin] if step.twin_state is TwinState.RINGS_INSIDE else []
                return _after_ringing(ringing, step, rang)
            case GroupRings():
                return _after_ringing(step.members, step, rang)
            case Voicemail():
                return End(rang, f"{step.number}@default,{step.greeting[0]}")
            case Refused():
                return End(rang, str(STATUS[step.cause]))
            case _:
                continue
    raise AssertionError("the preview has no end")


def _after_ringing(ringing: Sequence[str], step: Rings | GroupRings, before: frozenset[str]) -> End:
    rang = before | frozenset(ringing)
    for number in ringing:
        if isinstance(PHONES[number], Answer):
            return End(rang, number)
    is_busy = all(isinstance(PHONES[number], Busy | Decline) for number in ringing)
    when = When.BUSY if is_busy else When.NO_ANSWER
    return predicted(next(case.steps for case in step.cases if when in case.when), rang)


@pytest.fixture(scope="module", autouse=True)
async def _site(system: System) -> None:
    closed = DAYS[(datetime.now().weekday() + 3) % 7]
    calling = system.calling
    await calling.trunks.create(TESTER, {"name": "carrier", "host": "127.0.0.9"})
    await calling.routes.create(TESTER, {"name": "national", "pattern": "0.", "trunks": "carrier"})
    hours = {"days": closed, "opens": "08:00", "closes": "09:00"}
    await calling.classes.create(TESTER, {"name": "closed", "routes": "national", **hours})
    for number, fields in SETUPS.items():
        # Without what points at others, which may not be there yet.
        plain = {name: fields[name] for name in fields if name not in POINTING}
        await system.extension(number, "Somebody", **plain)
    for number in (*SETUPS, *(number for number, _ in GROUPS.values())):
        await system.extension(f"9{number}", "Who calls it")
    for name, (number, fallback) in GROUPS.items():
        group = {"name": name, "number": number, "fallback": fallback, "ring_time": RING_SECONDS}
        await calling.groups.create(TESTER, group)
    for number, fields in SETUPS.items():
        await system.extensions.update(TESTER, number, fields)
    await system.told()


async def test_a_call_comes_to_the_end_that_the_preview_tells(system: System) -> None:
    preview = Preview(SiteDefaults(QUALIFY_SECONDS, RING_SECONDS), PHONES.__contains__)
    async with _phones(system) as phones:
        at = datetime.now()
        numbers = [*SETUPS, *(number for number, _ in GROUPS.values())]
        told = {number: predicted(await preview.steps(number, at)) for number in numbers}
        few = asyncio.Semaphore(AT_ONCE)
        ends = await asyncio.gather(*(_called(system, number, phones, few) for number in numbers))
    wrong = {
        number: (end, told[number])
        for number, end in zip(numbers, ends, strict=True)
        if end != told[number]
    }
    assert not wrong, f"the call, then what was told of it: {wrong}"


@asynccontextmanager
async def _phones(system: System) -> AsyncIterator[Mapping[str, Phone]]:
    async with AsyncExitStack() as stack:
        found = {}
        for number, policy in PHONES.items():
            phone = found[number] = await stack.enter_async_context(await system.phone(number))
            phone.on_incoming = policy
            assert await phone.register() == 200
        yield found


async def _called(
    system: System, number: str, phones: Mapping[str, Phone], few: asyncio.Semaphore
) -> End:
    """Call from an extension that calls nobody else."""
    own = f"9{number}"
    async with few, await system.phone(own) as caller:
        call = await caller.call(number)
        is_answered = await _answered(call)
        calls = {
            name: [one for one in phone.incoming if one.caller_number == own]
            for name, phone in phones.items()
        }
        took = [name for name, some in calls.items() if any(one.status == 200 for one in some)]
        if not is_answered:
            end = str(call.status)
        else:
            end = took[0] if took else await _mailbox(system, own)
        await call.hangup()
    return End(frozenset(name for name, some in calls.items() if some), end)


async def _answered(call: OutgoingCall) -> bool:
    """Wait until the call is answered or over; tell which."""
    with contextlib.suppress(TimeoutError):
        await call.wait_answered(RING_SECONDS * 4)
    return call.state is CallState.ANSWERED


async def _mailbox(system: System, caller: str) -> str:
    """Return what VoiceMail() was called with by the channel of this caller."""
    for line in (await system.asterisk.cli("core show channels concise")).splitlines():
        channel, _, _, _, _, app, data, *_ = line.split("!")
        if channel.startswith(f"PJSIP/{caller}-") and app == "VoiceMail":
            return data
    return "nobody"
