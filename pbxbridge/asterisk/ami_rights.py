"""What the bridge asks of AMI, and whether its user has the rights for it: pure, no I/O."""

from __future__ import annotations

from collections.abc import Collection
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
    }
)

# Whoever may write a class may perform this action, which every Asterisk has.
WITNESSES = MappingProxyType({"system": "DBPut", "user": "UserEvent"})

# Events of the class: MessageWaiting. FullyBooted and ContactStatus are of `system`, without which
# the login would not have come this far.
READ = "call"

AMI_REMEDY = (
    "Compare PBXBRIDGE_ASTERISK__AMI_* with manager.conf (user, secret, permit; "
    "read = system,call and write = system,user)."
)


def ami_result(user: str, allowed: Collection[str], manager: ConfigFile) -> Result:
    """Judge by the actions that Asterisk allows and by the user's section of manager.conf."""
    wrong = []
    remedies = []
    missing = [right for right, action in WITNESSES.items() if action not in allowed]
    if missing:
        wrong.append(f"AMI user {user} has no write right {_quoted(missing)}.")
        remedies.append(f"Set `write = system,user` in [{user}] of manager.conf.")
    elif refused := [action for action in CORE_ACTIONS if action not in allowed]:
        wrong.append(f"AMI user {user} may not perform {', '.join(refused)}.")
        remedies.append(f"Set `write = system,user` in [{user}] of manager.conf.")
    if manager.unreadable:
        wrong.append(
            f"Whether it may read `{READ}` events could not be checked: Asterisk answered "
            f"{manager.unreadable}."
        )
        remedies.append("Let Asterisk read its manager.conf.")
    elif user not in manager.sections:
        wrong.append(
            f"Whether it may read `{READ}` events could not be checked: manager.conf has no "
            f"[{user}] any more."
        )
        remedies.append(f"Put [{user}] back into manager.conf.")
    elif not may_read(READ, manager.values(user, "read")):
        wrong.append(
            f"AMI user {user} has no read right `{READ}`: Asterisk does not say that a message "
            "waits, mails and news of changed PINs come late."
        )
        remedies.append(
            f"Set `read = system,call` in [{user}] of manager.conf, without blanks between them."
        )
    if not wrong:
        return Result("AMI", True, f"signed in as {user}, with the rights that the bridge needs")
    return Result("AMI", False, " ".join(wrong), f"{' '.join(remedies)} Then `manager reload`.")


def may_read(right: str, said: list[str]) -> bool:
    """Read the values of ``read`` as Asterisk does, tried on 22.10.

    The last one counts, and a word that differs in case or has a blank before it is no right.
    """
    return bool(said) and not {right, "all"}.isdisjoint(said[-1].split(","))


def _quoted(words: list[str]) -> str:
    return " and ".join(f"`{word}`" for word in words)
