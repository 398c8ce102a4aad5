"""The codes of extensions.conf, context ``features``: what a phone may dial besides numbers."""

from __future__ import annotations

from dataclasses import dataclass

from dialplan.pattern import Pattern

# What a phone's own voicemail key dials.
MY_VOICEMAIL = "*97"


@dataclass(frozen=True, slots=True)
class FeatureCode:
    """One code: as Asterisk matches it, as people read it, and what it does."""

    pattern: Pattern
    shown: str
    title: str
    explanation: str


FEATURE_CODES = (
    FeatureCode(
        Pattern(MY_VOICEMAIL),
        MY_VOICEMAIL,
        "My voicemail",
        "Listen to the messages of your own extension. Asks for its PIN.",
    ),
    FeatureCode(
        Pattern("*98"), "*98", "Any voicemail", "Asks for the number of a mailbox and for its PIN."
    ),
    FeatureCode(
        Pattern("_*98X!"),
        "*98 1002",
        "The voicemail of one extension",
        "Listen to the messages of extension 1002 from any phone. Asks for its PIN.",
    ),
    FeatureCode(
        Pattern("*8"),
        "*8",
        "Take a call of my group",
        "Takes a call that is ringing at a phone of your own phone group.",
    ),
    FeatureCode(
        Pattern("_**X!"),
        "** 1002",
        "Take a call that rings at one extension",
        "Takes the call that is ringing at extension 1002.",
    ),
    FeatureCode(
        Pattern("*45"),
        "*45",
        "Agent login",
        "Logs an agent of the call centre in, with number and PIN, where the extension allows it, "
        "and out again.",
    ),
    FeatureCode(
        Pattern("*46"), "*46", "Pause", "The phone gets no more calls of queues until *47."
    ),
    FeatureCode(
        Pattern("_*46X"),
        "*46 1",
        "Pause with a reason",
        "As *46, and the wallboard shows why. The reasons are numbered from 1.",
    ),
    FeatureCode(Pattern("*47"), "*47", "Ready", "The phone gets calls of queues again."),
    FeatureCode(
        Pattern("*43"), "*43", "Echo test", "Repeats what you say, so you hear how the line is."
    ),
)
