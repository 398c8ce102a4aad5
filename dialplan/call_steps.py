"""The steps that a call takes on its way (see preview.py): plain data, in the dialplan's terms."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum, StrEnum

from dialplan.route import Route
from dialplan.simulator import Answer


class Reason(StrEnum):
    """Why a call is forwarded."""

    ALL = "all"
    BUSY = "busy"
    NO_ANSWER = "no-answer"
    NOT_REGISTERED = "not-registered"


class When(StrEnum):
    """What may come of ringing, besides that somebody answers."""

    BUSY = "busy"
    NO_ANSWER = "no-answer"
    # The device is there, and says that it cannot take the call.
    CANNOT = "cannot"
    # The caller waited too long, or could not wait.
    WAITED = "waited"


class Greeting(StrEnum):
    """What a mailbox plays first."""

    BUSY = "busy"
    UNAVAILABLE = "unavailable"


class Cause(IntEnum):
    """Why a call is refused, by the Q.850 cause that Hangup() is given."""

    BUSY = 17
    NO_ANSWER = 19
    UNREACHABLE = 20
    FORBIDDEN = 21
    FORWARDED_TOO_OFTEN = 25
    NO_CIRCUIT = 34


class TwinState(Enum):
    """What the twin of an extension does when it is called."""

    NONE = "none"
    RINGS_OUTSIDE = "outside"
    RINGS_INSIDE = "inside"
    NOT_REGISTERED = "not-registered"
    BUSY = "busy"
    # A phone group of which nobody can ring, or a queue, which nobody can wait in as a twin.
    NOBODY = "nobody"
    FORBIDDEN = "forbidden"
    UNKNOWN_NUMBER = "unknown-number"

    @property
    def rings(self) -> bool:
        """Whether it rings."""
        return self in {TwinState.RINGS_OUTSIDE, TwinState.RINGS_INSIDE}


@dataclass(frozen=True, slots=True)
class Forwarded:
    """An extension forwards the call; what ``target`` does is the next step."""

    number: str
    reason: Reason
    target: str


@dataclass(frozen=True, slots=True)
class DeadForward:
    """A forward leads nowhere: the forwarder's class does not know the target, now or ever."""

    number: str
    reason: Reason
    target: str
    class_of_service: str
    answer: Answer


@dataclass(frozen=True, slots=True)
class DoNotDisturb:
    """Nothing rings, as if the extension were busy."""

    number: str


@dataclass(frozen=True, slots=True)
class NoDevice:
    """A VIRTUAL extension: there is nothing that could ring."""

    number: str


@dataclass(frozen=True, slots=True)
class NotRegistered:
    """The device is not there now."""

    number: str


@dataclass(frozen=True, slots=True)
class Case:
    """What happens next, when what came of the step before is one of these."""

    when: tuple[When, ...]
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Rings:
    """An extension rings for so many seconds: its device, its twin, or both."""

    number: str
    has_device: bool
    twin: str
    twin_state: TwinState
    seconds: int
    cases: tuple[Case, ...]


@dataclass(frozen=True, slots=True)
class GroupRings:
    """The members of a phone group ring; ``absent`` are those whose device is not there now."""

    number: str
    members: tuple[str, ...]
    absent: tuple[str, ...]
    seconds: int
    cases: tuple[Case, ...]


@dataclass(frozen=True, slots=True)
class NobodyInGroup:
    """No member of a phone group can ring."""

    number: str


@dataclass(frozen=True, slots=True)
class Waits:
    """The caller waits in a queue until a member is free, ``seconds`` at most, 0 without end."""

    number: str
    queue: str
    seconds: int
    cases: tuple[Case, ...]


@dataclass(frozen=True, slots=True)
class QueueFallback:
    """Who waited too long in a queue, or could not wait, goes to an extension."""

    queue: str
    target: str


@dataclass(frozen=True, slots=True)
class GroupFallback:
    """What nobody of a phone group answers goes to an extension."""

    number: str
    target: str


@dataclass(frozen=True, slots=True)
class GoesOut:
    """The call leaves by a route; ``lost`` is what happens if no trunk can take it."""

    number: str
    route: Route
    lost: Step


@dataclass(frozen=True, slots=True)
class RouteRefused:
    """A route that is not in the class of service, or asks for a PIN that nobody can enter."""

    number: str
    class_of_service: str
    route: str
    asks_pin: bool


@dataclass(frozen=True, slots=True)
class FeatureCodeReached:
    """A forward to a feature code, such as the echo test."""

    number: str


@dataclass(frozen=True, slots=True)
class Voicemail:
    """The mailbox of an extension takes the call."""

    number: str
    greeting: Greeting


@dataclass(frozen=True, slots=True)
class Refused:
    """The call ends without an answer; ``number`` is where."""

    number: str
    cause: Cause


Step = (
    Forwarded
    | DeadForward
    | DoNotDisturb
    | NoDevice
    | NotRegistered
    | Rings
    | GroupRings
    | NobodyInGroup
    | GroupFallback
    | Waits
    | QueueFallback
    | GoesOut
    | RouteRefused
    | FeatureCodeReached
    | Voicemail
    | Refused
)
