"""The query parameters of the operations, each set one model; what is not in it is refused."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar, get_origin

from multidict import MultiMapping
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
)

from pbxbridge.errors import Invalid
from pbxbridge.mirror.endpoint import Status
from pbxbridge.services.device_types import DeviceType
from pbxbridge.services.extension_list import Sort
from pbxbridge.services.parsing import parse, problem
from web.requests import SEARCH_LENGTH

MOST_PAGES = 1_000_000
MOST_PER_PAGE = 200
MOST_ENTRY = 999_999_999

Q = TypeVar("Q", bound=BaseModel)


def parse_query(model: type[Q], given: MultiMapping[str]) -> Q:
    """Return the parameters. Raises Invalid for one that is wrong, unknown or given twice."""
    values: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    known = {field.alias or name: field for name, field in model.model_fields.items()}
    for name in dict.fromkeys(given):
        all_given = given.getall(name)
        field = known.get(name)
        if field is None:
            wrong[name] = "There is no such parameter."
        elif any("\0" in one for one in all_given):
            wrong[name] = "A NUL character cannot be part of a parameter."
        elif get_origin(field.annotation) is list:
            values[name] = all_given
        elif len(all_given) > 1:
            wrong[name] = "Give this once."
        else:
            values[name] = all_given[0]
    if wrong:
        raise Invalid(wrong)
    return parse(model, values)


def _whole(typed: object) -> object:
    # 15 digits are beyond every range here, and below what int() refuses.
    if isinstance(typed, str) and typed.isascii() and typed.isdecimal() and len(typed) <= 15:
        return int(typed)
    raise problem("Enter a whole number.")


def _from_one_to(most: int) -> AfterValidator:
    def check(value: int) -> int:
        if not 1 <= value <= most:
            raise problem(f"Enter a number from 1 to {most}.")
        return value

    return AfterValidator(check)


def _flag(typed: object) -> object:
    if typed in ("true", "false"):
        return typed == "true"
    raise problem("Say true or false.")


def _status(value: object) -> object:
    if isinstance(value, str) and value in Status.__members__:
        return Status[value]
    if isinstance(value, Status):
        return value
    raise problem("Choose one of the list.")


def _visible(typed: str) -> str:
    if len(typed) > SEARCH_LENGTH:
        raise problem(f"Use at most {SEARCH_LENGTH} characters.")
    return "".join(character for character in typed if character.isprintable()).strip()


_FLAG = BeforeValidator(_flag)
_WHOLE = BeforeValidator(_whole)

Flag = Annotated[bool, _FLAG]
PageNumber = Annotated[
    int,
    _from_one_to(MOST_PAGES),
    _WHOLE,
    WithJsonSchema({"type": "integer", "minimum": 1, "maximum": MOST_PAGES}),
]
PerPage = Annotated[
    int,
    _from_one_to(MOST_PER_PAGE),
    _WHOLE,
    WithJsonSchema({"type": "integer", "minimum": 1, "maximum": MOST_PER_PAGE}),
]
EntryNumber = Annotated[
    int,
    _from_one_to(MOST_ENTRY),
    _WHOLE,
    WithJsonSchema({"type": "integer", "minimum": 1, "maximum": MOST_ENTRY}),
]
Search = Annotated[
    str, AfterValidator(_visible), WithJsonSchema({"type": "string", "maxLength": SEARCH_LENGTH})
]
# By name, since the value of BLANK is empty.
StatusName = Annotated[
    Status,
    BeforeValidator(_status),
    PlainSerializer(lambda status: status.name, return_type=str),
    WithJsonSchema({"type": "string", "enum": list(Status.__members__)}),
]


class NoQuery(BaseModel):
    """No parameters."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Paging(NoQuery):
    """Which page of a list."""

    page: PageNumber = Field(1, description="Which page, from 1.")
    per_page: PerPage = Field(50, description="How many items a page has.")


class ExtensionsQuery(Paging):
    """Which extensions, in which order."""

    search: Search = Field("", description="Part of a number or of a caller ID name.")
    device_type: DeviceType | None = Field(None, description="Only devices of this type.")
    class_of_service: str = Field("", description="Only this class of service.")
    user: str = Field("", description="Only those of the user with this login name.")
    state: StatusName | None = Field(
        None, description="Only devices in this state; BLANK: nothing is registered."
    )
    sort: Sort = Field("number", description="Order by this field; numbers in dialling order.")
    descending: Flag = Field(False, description="The other way round.")
    include: Literal["state"] | None = Field(
        None, description="`state` adds each device's live state."
    )


class ExtensionQuery(NoQuery):
    """What more to tell of one extension."""

    include: Literal["state"] | None = Field(
        None, description="`state` adds the device's live state; the answer then has no ETag."
    )


class DeleteQuery(NoQuery):
    """What the deletion of an extension is known to break."""

    confirm: list[str] = Field(
        [],
        description="The key of a usage that is known of; once for each that the 409 answer lists.",
    )


class UsersQuery(Paging):
    """Which users."""

    search: Search = Field("", description="Part of a login name, a name or an e-mail address.")


class AuditQuery(NoQuery):
    """Which entries of the audit; what the texts accept is decided by AuditFilter."""

    subject: str = Field(
        "", description="The extension or login name that changed; `10*` and `*01` for parts."
    )
    actor: str = Field("", description="The login name of who did it; parts as above.")
    kind: str = Field("", description="`extension`, `user`, `sign-in` or `token`.")
    action: str = Field("", description="What was done, such as `extension.changed`.")
    field: str = Field("", description="The name of a field that changed.")
    first_day: str = Field("", alias="from", description="A day such as 2026-01-31, in UTC.")
    last_day: str = Field("", alias="to", description="The last day, in UTC.")
    before: EntryNumber | None = Field(None, description="Only entries older than this one.")
    per_page: PerPage = Field(50, description="How many entries a page has.")
