"""What the bridge asks of AMI, and whether its user has the rights for it: pure, no I/O."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from types import MappingProxyType

from pbxbridge.asterisk.config_file import ConfigFile
from pbxbridge.check_result import Result

# The actions that the bridge sends, by the module that brings them; these are Asterisk's own. Those
# of a module that a site need not have are in sorcery_cache.py.
CORE_ACTIONS = ("CoreShowChannels", "DBDel", "DBGet", "DBPut", "Reload")
MODULE_ACTIONS = MappingProxyType(
    {
        "res_pjsip": ("PJSIPQualify", "PJSIPShowRegistrationInboundContactStatuses"),
        "res_pjsip_notify": ("PJSIPNotify",),
        "app_voicemail": ("VoicemailMove", "VoicemailRefresh", "VoicemailRemove"),
        "chan_iax2": ("IAXpeerlist",),
        # Of no class: whoever may log in may list the queues.
        "app_queue": ("QueueStatus",),
    }
)
# The rest of app_queue, which who may write `agent` performs.
QUEUE_ACTIONS = ("QueueAdd", "QueuePause", "QueuePenalty", "QueueRemove")

# Whoever may write a class may perform this action, which every Asterisk has.
WITNESSES = MappingProxyType({"system": "DBPut", "user": "UserEvent"})

# Events of each class: MessageWaiting, what happens in queues. With what is amiss without them.
# FullyBooted and ContactStatus are of `system`: without it the login would not have come this far.
READ = MappingProxyType(
    {
        "call": "Asterisk does not say that a message waits, mails and news of changed PINs come "
        "late",
        "agent": "Asterisk does not say what happens in queues, the wallboard and the Agent flag "
        "come late",
    }
)

_READ_LINE, _WRITE_LINE = "read = system,call,agent", "write = system,user,agent"
AMI_REMEDY = (
    "Compare PBXBRIDGE_ASTERISK__AMI_* with manager.conf (user, secret, permit; "
    f"{_READ_LINE} and {_WRITE_LINE})."
)


def ami_result(user: str, allowed: Collection[str], manager: ConfigFile) -> Result:
    """Judge by the actions that Asterisk allows and by the user's section of manager.conf."""
    wrong = [*_wrong_writing(user, allowed)]
    remedies = [f"Set `{_WRITE_LINE}` in [{user}] of manager.conf."] if wrong else []
    rights = " and ".join(f"`{right}`" for right in READ)
    if manager.unreadable:
        wrong.append(
            f"Whether it may read {rights} events could not be checked: Asterisk answered "
            f"{manager.unreadable}."
        )
        remedies.append("Let Asterisk read its manager.conf.")
    elif user not in manager.sections:
        wrong.append(
            f"Whether it may read {rights} events could not be checked: manager.conf has no "
            f"[{user}] any more."
        )
        remedies.append(f"Put [{user}] back into manager.conf.")
    elif missing := [each for each in READ if not may_read(each, manager.values(user, "read"))]:
        wrong += [f"AMI user {user} has no read right `{each}`: {READ[each]}." for each in missing]
        remedies.append(
            f"Set `{_READ_LINE}` in [{user}] of manager.conf, without blanks between them."
        )
    if not wrong:
        return Result("AMI", True, f"signed in as {user}, with the rights that the bridge needs")
    return Result("AMI", False, " ".join(wrong), f"{' '.join(remedies)} Then `manager reload`.")


def may_read(right: str, said: list[str]) -> bool:
    """Read the values of ``read`` as Asterisk does, tried on 22.10.

    The last one counts, and a word that differs in case or has a blank before it is no right.
    """
    return bool(said) and not {right, "all"}.isdisjoint(said[-1].split(","))


def _wrong_writing(user: str, allowed: Collection[str]) -> Iterator[str]:
    missing = [right for right, action in WITNESSES.items() if action not in allowed]
    # No action of this class is Asterisk's own: where there are no queues, it cannot be seen.
    has_queues = all(action in allowed for action in MODULE_ACTIONS["app_queue"])
    if has_queues and not any(action in allowed for action in QUEUE_ACTIONS):
        missing.append("agent")
    if missing:
        yield f"AMI user {user} has no write right {' and '.join(f'`{each}`' for each in missing)}."
        return
    wanted = [*CORE_ACTIONS, *(QUEUE_ACTIONS if has_queues else ())]
    if refused := [action for action in wanted if action not in allowed]:
        yield f"AMI user {user} may not perform {', '.join(refused)}."
