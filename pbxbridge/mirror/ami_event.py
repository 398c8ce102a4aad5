"""The shape in which AMI events reach their handlers."""

from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeAlias

# Header names and values as Asterisk wrote them. A header that came several times holds its
# values joined by line feeds, which no single value can contain.
AmiEvent: TypeAlias = Mapping[str, str]


class Handler(NamedTuple):
    """What an event means: a function, and the headers that it reads.

    It is called with the mirror, or a queue feed, and then their values in this order: those that
    the event must have, and those that it may have, empty if it has not.
    """

    call: Callable[..., None]
    reads: tuple[str, ...]
    may_read: tuple[str, ...] = ()
