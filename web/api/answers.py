"""What the API answers, and how it becomes JSON."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from pbxbridge.mirror.board import Board
from pbxbridge.services.device_types import DeviceType
from pbxbridge.services.extension_view import ExtensionView
from pbxbridge.services.invitations.state import InvitationState
from pbxbridge.services.people import Role, TokenScope
from pbxbridge.services.voicemail.mail_choices import AfterSending, VoicemailAudio
from web.api.queries import Paging, StatusName

TOTAL = "X-Total-Count"


class Model(BaseModel):
    """What all answers have in common."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


class State(Model):
    """What Asterisk says of an extension's device now.

    While `asterisk_connected` is false the state is the last one known, as of `asterisk_since`.
    `ip` and `port` are those of the registered device, empty and 0 without one. `waiting` means
    that the extension is saved, but Asterisk is yet to be told. `node` is the Asterisk where the
    device is, empty where there is only one. `invitation` tells how far the newest invitation to
    set up a softphone is, null without one. `agent` tells that somebody takes calls of queues at
    the phone: a static member, or an agent who is logged in.
    """

    number: str
    node: str
    status: StatusName
    ip: str
    port: int
    rtt_ms: float | None
    user_agent: str
    last_seen: datetime | None
    waiting: bool
    invitation: InvitationState | None
    agent: bool
    asterisk_connected: bool
    asterisk_since: datetime


class Extension(Model):
    """An extension, with everything but its secrets.

    `version` grows with every change.
    `pin_changed_by_phone_at` is null unless the present PIN was chosen by phone.
    """

    # As in the service's ExtensionView, without ``waiting``, ``invitation`` and ``agent``: these
    # change while the version, and with it the ETag, stays.
    number: str
    device_type: DeviceType
    caller_id_name: str
    users: list[str]
    class_of_service: str
    voicemail: bool
    voicemail_email: str
    voicemail_audio: VoicemailAudio
    voicemail_after_sending: AfterSending
    voicemail_language: str
    voicemail_time_zone: str
    dids: list[str]
    twinning_number: str
    phone_make: str
    phone_model: str
    mac: str
    registration_number: int
    external_caller_id: str
    emergency_caller_id: str
    forward_all: str
    forward_busy: str
    forward_no_answer: str
    forward_unregistered: str
    do_not_disturb: bool
    ring_time: int | None
    phone_group: str
    agent_logins: bool
    monitored: bool
    auth_username: str
    dahdi_channel: str
    version: int
    pin_changed_by_phone_at: datetime | None


class ExtensionWithState(Extension):
    """An extension, and its live state if `include=state` asked for it."""

    state: State | None = None


class ExtensionCreated(Extension):
    """A new extension. `secret` is for its device; null where the device type has none."""

    secret: str | None


class User(Model):
    """A person who may sign in to the portal; `totp` tells that the second factor is on."""

    login: str
    name: str
    email: str
    role: Role
    extensions: list[str]
    totp: bool
    version: int
    created_at: datetime


class UserCreated(User):
    """A new user. `password` opens the portal once, and must then be changed."""

    password: str


class Secret(Model):
    """What a device must be told: its secret, and the auth override's if there is one."""

    number: str
    secret: str
    auth_username: str = ""
    auth_secret: str = ""


class NewSecret(Model):
    """The secret that a device must be told from now on."""

    number: str
    secret: str


class Page(Model):
    """One page of a list; `total` is over all pages."""

    total: int
    page: int
    per_page: int
    pages: int


class ExtensionList(Page):
    """One page of the extensions."""

    items: list[ExtensionWithState]


class UserList(Page):
    """One page of the users."""

    items: list[User]


class ExtensionsChanged(Model):
    """The extensions as they are after a bulk change."""

    items: list[Extension]


class ClassOfService(Model):
    """A named set of what an extension may dial."""

    name: str


class ClassesOfService(Model):
    """All classes of service."""

    items: list[ClassOfService]


class Licences(Model):
    """How many licences are used; `total` is null where there is no limit."""

    used: int
    total: int | None


class AuditEntry(Model):
    """Who changed what, when and from where; secrets are never recorded.

    `before` and `after` have the fields that differ. `actor` is empty where nobody was signed in.
    """

    id: int
    at: datetime
    actor: str
    address: str
    action: str
    subject: str
    before: dict[str, Any]
    after: dict[str, Any]


class AuditList(Model):
    """One page of the audit, the newest entry first.

    `older` is what `before` takes for the next page, null at the end. `searched_back_to` is set if
    a long search paused there: ask for the next page to go on.
    """

    items: list[AuditEntry]
    older: int | None
    searched_back_to: datetime | None


class Me(Model):
    """Who asks, what the token may do, and the extensions of one's own."""

    login: str
    role: Role
    scope: TokenScope
    extensions: list[Extension]


class Usage(Model):
    """Something that still uses an extension; `key` is what `confirm` takes."""

    key: str
    sentence: str


class Problem(Model):
    """A failure, as RFC 9457 has it.

    `errors` has a sentence for each field that is not right, `usages` what stands against a
    deletion, `request_id` what to look for in the log.
    """

    type: str
    title: str
    status: int
    detail: str
    errors: dict[str, str] = Field(default={})
    usages: list[Usage] = Field(default=[])
    request_id: str = ""


def state_of(view: ExtensionView, board: Board) -> State:
    """Return the live state of an extension's device."""
    state, link = board.state_of(view.number), board.link_of(view.number)
    return State(
        number=view.number,
        node=state.node,
        status=state.status,
        ip=state.ip,
        port=state.port,
        rtt_ms=state.rtt_ms,
        user_agent=state.user_agent,
        last_seen=state.last_seen,
        waiting=view.waiting,
        invitation=InvitationState(view.invitation) if view.invitation else None,
        agent=view.agent,
        asterisk_connected=link.up,
        asterisk_since=link.since,
    )


def answer(
    model: BaseModel, status: int = 200, headers: Mapping[str, str] | None = None
) -> web.Response:
    """Return a model as JSON, with the fields that somebody set."""
    return web.Response(
        text=model.model_dump_json(exclude_unset=True),
        status=status,
        content_type="application/json",
        headers=headers,
    )


def paged(request: web.Request, page: Page, query: Paging) -> web.Response:
    """Return a page of a list, with links to its neighbours (RFC 8288)."""
    wanted = {"first": 1, "prev": query.page - 1, "next": query.page + 1, "last": page.pages}
    asked = {**request.query, "per_page": str(query.per_page)}
    links = ", ".join(
        f'<{request.path}?{urlencode({**asked, "page": number})}>; rel="{relation}"'
        for relation, number in wanted.items()
        if 1 <= number <= page.pages
    )
    return answer(page, headers={"Link": links, TOTAL: str(page.total)})
