"""The steps of a call in words."""

from __future__ import annotations

from functools import singledispatch

from dialplan import call_steps as steps
from dialplan.call_steps import Cause, Reason, TwinState, When
from dialplan.preview import MAX_FORWARDS
from dialplan.simulator import Ruling
from pbxbridge.services.calling.answer_words import way_out

_REASONS = {
    Reason.ALL: "all calls",
    Reason.BUSY: "calls when busy",
    Reason.NO_ANSWER: "calls that nobody answers",
    Reason.NOT_REGISTERED: "calls while its device is not registered",
}
_CASES = {
    When.BUSY: "it is busy or declines",
    When.NO_ANSWER: "nobody answers",
    When.CANNOT: "its device cannot take the call",
    When.WAITED: "the caller has waited too long, or cannot wait",
}
_CAUSES = {
    Cause.BUSY: "The caller is told that {0} is busy.",
    Cause.NO_ANSWER: "The caller is told that nobody answers at {0}.",
    Cause.UNREACHABLE: "The caller is told that {0} cannot be reached.",
    Cause.FORBIDDEN: "The caller is told that the call to {0} is not allowed.",
    Cause.FORWARDED_TOO_OFTEN: f"The call was forwarded {MAX_FORWARDS} times: it ends at {{0}}.",
    Cause.NO_CIRCUIT: "The caller is told that there is no line to {0}.",
}
_TWINS = {
    TwinState.RINGS_OUTSIDE: "its twin {0}, which has to press 1,",
    TwinState.RINGS_INSIDE: "its twin {0}",
    TwinState.NOT_REGISTERED: "not registered either",
    TwinState.BUSY: "has no device or is not to be disturbed",
    TwinState.NOBODY: "a group of which nobody can ring, or a queue",
    TwinState.FORBIDDEN: "its class of service may not dial it",
    TwinState.UNKNOWN_NUMBER: "its class of service cannot dial it now",
}


def case_in_words(case: steps.Case) -> str:
    """Return when the case happens."""
    if {When.BUSY, When.NO_ANSWER} <= set(case.when):
        return "If nobody takes the call"
    return f"If {' or '.join(_CASES[when] for when in case.when)}"


@singledispatch
def step_in_words(step: steps.Step) -> str:
    """Return what happens in a step."""
    raise TypeError(f"no words for {step!r}")


@step_in_words.register
def _(step: steps.Forwarded) -> str:
    return f"{step.number} forwards {_REASONS[step.reason]} to {step.target}."


@step_in_words.register
def _(step: steps.DeadForward) -> str:
    now = "" if step.answer.ruling is Ruling.NOTHING else " at this hour"
    return (
        f"{step.number} forwards {_REASONS[step.reason]} to {step.target}, which class of service "
        f"{step.class_of_service} cannot dial{now}."
    )


@step_in_words.register
def _(step: steps.DoNotDisturb) -> str:
    return f"{step.number} is not to be disturbed: nothing rings, as if it were busy."


@step_in_words.register
def _(step: steps.NoDevice) -> str:
    return f"{step.number} has no device that could ring."


@step_in_words.register
def _(step: steps.NotRegistered) -> str:
    return f"The device of {step.number} is not registered: nothing rings."


@step_in_words.register
def _(step: steps.Rings) -> str:
    seconds = f"for {step.seconds} seconds"
    twin = _TWINS[step.twin_state].format(step.twin) if step.twin else ""
    if not step.has_device:
        return f"The device of {step.number} is not registered: {twin} rings alone, {seconds}."
    if step.twin_state.rings:
        return f"{step.number} rings {seconds}, and so does {twin.removesuffix(',')}."
    silent = f" Its twin {step.twin} does not ring: {twin}." if step.twin else ""
    return f"{step.number} rings {seconds}.{silent}"


@step_in_words.register
def _(step: steps.GroupRings) -> str:
    absent = f" Not registered: {', '.join(step.absent)}." if step.absent else ""
    verb = "rings" if len(step.members) == 1 else "ring"
    return (
        f"Of group {step.number} {verb} {', '.join(step.members)}, for {step.seconds} seconds."
        f"{absent}"
    )


@step_in_words.register
def _(step: steps.NobodyInGroup) -> str:
    return f"Of group {step.number} nobody can ring now."


@step_in_words.register
def _(step: steps.Waits) -> str:
    longest = f", for at most {step.seconds} seconds" if step.seconds else ""
    return f"The caller waits in queue {step.queue} until somebody is free{longest}."


@step_in_words.register
def _(step: steps.QueueFallback) -> str:
    return f"Queue {step.queue} sends the call on to {step.target}."


@step_in_words.register
def _(step: steps.GroupFallback) -> str:
    return f"What nobody of group {step.number} answers goes to {step.target}."


@step_in_words.register
def _(step: steps.GoesOut) -> str:
    out, lost = way_out(step.route, step.number), step_in_words(step.lost)
    lost = lost[0].lower() + lost[1:]
    return f"The call goes out by route {step.route.name}: {out}. If no trunk can take it: {lost}"


@step_in_words.register
def _(step: steps.RouteRefused) -> str:
    if step.asks_pin:
        return f"Route {step.route} asks for a PIN, which who is forwarded cannot enter."
    return f"Route {step.route} is not in class of service {step.class_of_service}."


@step_in_words.register
def _(step: steps.FeatureCodeReached) -> str:
    return f"The caller reaches feature code {step.number}."


@step_in_words.register
def _(step: steps.Voicemail) -> str:
    return f"The voicemail of {step.number} answers, with the “{step.greeting}” greeting."


@step_in_words.register
def _(step: steps.Refused) -> str:
    return _CAUSES[step.cause].format(step.number)
