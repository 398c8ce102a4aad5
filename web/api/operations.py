"""The one table of the API: its routes and its document are both made from it."""

from __future__ import annotations

from typing import Any

from pbxbridge.services.people import Role, TokenScope
from web.api import answers, audit, extension_secret, extensions, site, users
from web.api.operation import Answer, Operation
from web.api.queries import (
    AuditQuery,
    DeleteQuery,
    ExtensionQuery,
    ExtensionsQuery,
    NoQuery,
    UsersQuery,
)

ADMIN = (Role.ADMIN,)
STAFF = (Role.ADMIN, Role.OPERATOR)
EVERYBODY = tuple(Role)

LIST_HEADERS = ("Link", answers.TOTAL)
ETAG = ("ETag",)
CREATED = ("Location", "ETag")

_EXTENSION = Answer(answers.Extension, "The extension as it is now.", ETAG)
_USER = Answer(answers.User, "The user as they are now.", ETAG)
_GONE = Answer(None, "Deleted.")
_UNCHANGED = Answer(None, "The client has the present version.", ETAG)

EXTENSIONS: tuple[Operation[Any], ...] = (
    Operation(
        name="listExtensions",
        method="GET",
        path="/extensions",
        tag="Extensions",
        summary="List extensions",
        description="Searched, filtered and sorted, page by page. Beyond the last page the list "
        "is empty.",
        handler=extensions.list_extensions,
        roles=STAFF,
        query=ExtensionsQuery,
        answers={200: Answer(answers.ExtensionList, "One page.", LIST_HEADERS)},
    ),
    Operation(
        name="createExtension",
        method="POST",
        path="/extensions",
        tag="Extensions",
        summary="Create an extension",
        description="The answer holds the secret of its device, which is random unless one was "
        "sent.",
        handler=extensions.create_extension,
        roles=ADMIN,
        query=NoQuery,
        body=extensions.WHOLE,
        answers={201: Answer(answers.ExtensionCreated, "The new extension.", CREATED)},
    ),
    Operation(
        name="changeExtensions",
        method="PATCH",
        path="/extensions",
        tag="Extensions",
        summary="Change several extensions",
        description="Makes the same changes to all of them, or to none if one refuses. The names "
        "in `errors` are then `<number>: <field>`.",
        handler=extensions.change_extensions,
        roles=ADMIN,
        query=NoQuery,
        body=extensions.BULK,
        answers={200: Answer(answers.ExtensionsChanged, "All of them as they are now.")},
    ),
    Operation(
        name="readExtension",
        method="GET",
        path="/extensions/{number}",
        tag="Extensions",
        summary="Read an extension",
        handler=extensions.read_extension,
        roles=STAFF,
        query=ExtensionQuery,
        conditional="If-None-Match",
        answers={
            200: Answer(answers.ExtensionWithState, "The extension.", ETAG),
            304: _UNCHANGED,
        },
    ),
    Operation(
        name="replaceExtension",
        method="PUT",
        path="/extensions/{number}",
        tag="Extensions",
        summary="Replace an extension",
        description="What is not sent goes back to its default, but for secrets and the PIN: "
        "those stay, since nobody can read them to send them back.",
        handler=extensions.replace_extension,
        roles=ADMIN,
        query=NoQuery,
        body=extensions.WHOLE,
        conditional="If-Match",
        answers={200: _EXTENSION},
    ),
    Operation(
        name="changeExtension",
        method="PATCH",
        path="/extensions/{number}",
        tag="Extensions",
        summary="Change fields of an extension",
        description="A merge patch (RFC 7396): what is not sent stays as it is, and null sets a "
        "field back to its default.",
        handler=extensions.change_extension,
        roles=ADMIN,
        query=NoQuery,
        body=extensions.PATCH,
        conditional="If-Match",
        answers={200: _EXTENSION},
    ),
    Operation(
        name="deleteExtension",
        method="DELETE",
        path="/extensions/{number}",
        tag="Extensions",
        summary="Delete an extension",
        description="Deletes the mailbox and whatever else cannot be without it, and every "
        "reference to it. If something still uses the extension, the answer is 409 with the list "
        "`usages`; repeat the request with `confirm=<key>` for each of them.",
        handler=extensions.delete_extension,
        roles=ADMIN,
        query=DeleteQuery,
        conditional="If-Match",
        refusals=(409,),
        answers={204: _GONE},
    ),
    Operation(
        name="readState",
        method="GET",
        path="/extensions/{number}/state",
        tag="Extensions",
        summary="Read the state of a device",
        description="What Asterisk says of the extension's device now.",
        handler=extensions.read_state,
        roles=STAFF,
        query=NoQuery,
        answers={200: Answer(answers.State, "The state.")},
    ),
    Operation(
        name="readSecret",
        method="GET",
        path="/extensions/{number}/secret",
        tag="Extensions",
        summary="Read the secret of a device",
        description="That it was read is written into the audit.",
        handler=extension_secret.read_secret,
        roles=ADMIN,
        scope=TokenScope.WRITE,
        query=NoQuery,
        answers={200: Answer(answers.Secret, "What the device must be told.")},
    ),
    Operation(
        name="replaceSecret",
        method="POST",
        path="/extensions/{number}/secret",
        tag="Extensions",
        summary="Make a new secret",
        description="The device cannot register any more until it is told. Takes no body.",
        handler=extension_secret.replace_secret,
        roles=ADMIN,
        query=NoQuery,
        refusals=(422,),
        answers={200: Answer(answers.NewSecret, "The new secret.", ETAG)},
    ),
)

USERS: tuple[Operation[Any], ...] = (
    Operation(
        name="listUsers",
        method="GET",
        path="/users",
        tag="Users",
        summary="List users",
        handler=users.list_users,
        roles=STAFF,
        query=UsersQuery,
        answers={200: Answer(answers.UserList, "One page.", LIST_HEADERS)},
    ),
    Operation(
        name="createUser",
        method="POST",
        path="/users",
        tag="Users",
        summary="Create a user",
        description="The answer holds a one-time password.",
        handler=users.create_user,
        roles=ADMIN,
        query=NoQuery,
        body=users.WHOLE,
        refusals=(429,),
        answers={201: Answer(answers.UserCreated, "The new user.", CREATED)},
    ),
    Operation(
        name="readUser",
        method="GET",
        path="/users/{login}",
        tag="Users",
        summary="Read a user",
        handler=users.read_user,
        roles=STAFF,
        query=NoQuery,
        conditional="If-None-Match",
        answers={200: _USER, 304: _UNCHANGED},
    ),
    Operation(
        name="changeUser",
        method="PATCH",
        path="/users/{login}",
        tag="Users",
        summary="Change fields of a user",
        description="A merge patch (RFC 7396). A change of role ends the user's sessions, and "
        "their API tokens that are now worth too much.",
        handler=users.change_user,
        roles=ADMIN,
        query=NoQuery,
        body=users.PATCH,
        conditional="If-Match",
        answers={200: _USER},
    ),
    Operation(
        name="deleteUser",
        method="DELETE",
        path="/users/{login}",
        tag="Users",
        summary="Delete a user",
        description="Their extensions stay. Nobody deletes themself (403), nor the last "
        "administrator (409).",
        handler=users.delete_user,
        roles=ADMIN,
        query=NoQuery,
        conditional="If-Match",
        refusals=(409,),
        answers={204: _GONE},
    ),
)

AUDIT: tuple[Operation[Any], ...] = (
    Operation(
        name="listAudit",
        method="GET",
        path="/audit",
        tag="Audit",
        summary="Search the audit",
        description="Every change with who, when, from where, and each field before and after.",
        handler=audit.list_entries,
        roles=STAFF,
        query=AuditQuery,
        answers={200: Answer(answers.AuditList, "One page, the newest first.", ("Link",))},
    ),
    Operation(
        name="readAuditEntry",
        method="GET",
        path="/audit/{id}",
        tag="Audit",
        summary="Read one entry",
        handler=audit.read_entry,
        roles=STAFF,
        query=NoQuery,
        answers={200: Answer(answers.AuditEntry, "The entry.")},
    ),
    Operation(
        name="undoChange",
        method="POST",
        path="/audit/{id}/undo",
        tag="Audit",
        summary="Undo a change",
        description="Puts the fields back to what they were before, if nothing newer touched them "
        "(409). Takes no body.",
        handler=audit.undo_entry,
        roles=ADMIN,
        query=NoQuery,
        refusals=(409,),
        answers={200: Answer(answers.AuditEntry, "The entry of undoing it.")},
    ),
)

SITE: tuple[Operation[Any], ...] = (
    Operation(
        name="listClassesOfService",
        method="GET",
        path="/classes-of-service",
        tag="Site",
        summary="List classes of service",
        handler=site.list_classes_of_service,
        roles=STAFF,
        query=NoQuery,
        answers={200: Answer(answers.ClassesOfService, "All of them.")},
    ),
    Operation(
        name="readLicences",
        method="GET",
        path="/licences",
        tag="Site",
        summary="Read the licences",
        description="SIP, IAX2 and DAHDI extensions take one each; VIRTUAL and SIP-VIRTUAL none.",
        handler=site.read_licences,
        roles=STAFF,
        query=NoQuery,
        answers={200: Answer(answers.Licences, "Used and total.")},
    ),
    Operation(
        name="readMe",
        method="GET",
        path="/me",
        tag="Site",
        summary="Read who I am",
        description="The person for whom the token acts, with their own extensions. The only "
        "operation for the role user.",
        handler=site.read_me,
        roles=EVERYBODY,
        query=NoQuery,
        answers={200: Answer(answers.Me, "Who asks.")},
    ),
)

OPERATIONS = (*EXTENSIONS, *USERS, *AUDIT, *SITE)
