"""QueueCaller...: somebody waits in a queue, or waits no more; QueueEntry is the same in a list."""

from pbxbridge.mirror.queue_feed import QueueFeed

CALLER = ("Queue", "Uniqueid")
MORE = ("CallerIDNum", "CallerIDName")
# What Asterisk writes for what it does not know, in events and in the list.
_UNKNOWN = frozenset({"<unknown>", "unknown"})


def queue_caller_join(feed: QueueFeed, queue: str, uniqueid: str, number: str, name: str) -> None:
    """Hand on that somebody waits from now on."""
    feed.caller_joined(queue, uniqueid, _known(number), _known(name))


def queue_caller_gone(feed: QueueFeed, queue: str, uniqueid: str) -> None:
    """Hand on that somebody waits no more: was answered, hung up, or was sent on."""
    feed.caller_left(queue, uniqueid)


def queue_entry(  # noqa: PLR0913 - as many headers as Asterisk tells
    feed: QueueFeed, queue: str, uniqueid: str, wait: str, number: str, name: str
) -> None:
    """Hand on one item of QueueStatus."""
    waited = int(wait) if wait.isdecimal() else 0
    feed.caller_listed(queue, uniqueid, _known(number), _known(name), waited)


def _known(text: str) -> str:
    return "" if text in _UNKNOWN else text
