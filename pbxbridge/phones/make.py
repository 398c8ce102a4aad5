"""One make of phones: a folder with ``make.toml`` and its templates (docs/phone-makes.md)."""

from __future__ import annotations

import tomllib
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from jinja2 import FileSystemLoader, StrictUndefined, Template, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from pbxbridge.own_files import Problem
from pbxbridge.phones.variables import Phone, sample_phones

DESCRIPTION = "make.toml"
# Templates of this name escape for XML; the others write one value a line.
XML_TEMPLATE = ".xml.j2"


@dataclass(frozen=True, slots=True)
class MakeFile:
    """A file that phones of a make fetch; ``{mac}`` in its name stands for the phone's address."""

    name: str
    content_type: str
    template: Template

    def name_for(self, mac: str) -> str:
        """Return what the file of this phone is called."""
        return self.name.replace("{mac}", mac)

    def text_for(self, phone: Phone) -> str:
        """Return the file of this phone.

        Raises Problem: a template may raise whatever its expressions do.
        """
        try:
            return self.template.render(phone=phone)
        except Exception as why:
            raise _problem(why, Path(self.template.filename or ""), folder=None) from why


@dataclass(frozen=True, slots=True)
class Make:
    """What the bridge knows of a make.

    ``models`` are those that a person chooses from, other ones may be typed. ``also`` are other
    names for it. ``softphone`` is an application that a person sets up. ``algorithms`` are the
    digests (RFC 7616) that its phones are documented to answer. ``lines`` is how many
    registrations its files describe. ``check_sync`` is the Event header of the NOTIFY that has a
    phone fetch its files anew. ``address`` is what is entered in the phone, where ``{url}`` stands
    for the address of its own, ``{bare}`` for that without its scheme, ``{mac}`` for its MAC
    address; ``entering`` says where.
    """

    name: str
    models: tuple[str, ...]
    also: tuple[str, ...]
    softphone: bool
    algorithms: tuple[str, ...]
    lines: int
    check_sync: str
    address: str
    entering: str
    files: tuple[MakeFile, ...]

    def file(self, name: str, mac: str) -> MakeFile | None:
        """Return the file of that name; capitals make no difference, as phones differ in them."""
        wanted = name.lower()
        return next((each for each in self.files if each.name_for(mac).lower() == wanted), None)

    def address_for(self, url: str, mac: str) -> str:
        """Return what is entered in the phone."""
        bare = url.partition("://")[2]
        said = self.address.replace("{url}", url).replace("{bare}", bare)
        return said.replace("{mac}", mac)


_Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40)]


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = Field(pattern=r"^[A-Za-z0-9._-]*\{mac\}[A-Za-z0-9._-]*$", max_length=60)
    template: str = Field(pattern=r"^[A-Za-z0-9_-][A-Za-z0-9._-]*\.j2$")
    content_type: str = Field(default="text/plain", pattern=r"^[a-z]+/[a-z0-9.+-]+$")


class _Description(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: _Name
    models: list[_Name] = []
    also: list[_Name] = []
    softphone: bool = False
    algorithms: list[Literal["MD5", "SHA-256"]] = Field(default=["MD5"], min_length=1)
    lines: int = Field(default=1, ge=1, le=99)
    check_sync: str = Field(default="check-sync", pattern=r"^[A-Za-z0-9.;=_-]*$", max_length=80)
    address: str = "{url}"
    entering: str = ""
    files: list[_File] = []


def read_make(folder: Path) -> Make:
    """Read a folder, and try its templates with sample phones.

    Raises Problem.
    """
    said = _description(folder)
    templates = _templates(folder, {file.template for file in said.files}, said)
    files = tuple(
        MakeFile(file.name, file.content_type, templates[file.template]) for file in said.files
    )
    return Make(
        name=said.name,
        models=tuple(said.models),
        also=tuple(said.also),
        softphone=said.softphone,
        algorithms=tuple(said.algorithms),
        lines=said.lines,
        check_sync=said.check_sync,
        address=said.address,
        entering=said.entering,
        files=files,
    )


def _description(folder: Path) -> _Description:
    path = folder / DESCRIPTION
    try:
        return _Description.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except ValidationError as why:
        first = why.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise Problem(str(path), 0, f"{where}: {first['msg']}") from why
    except (OSError, UnicodeError, tomllib.TOMLDecodeError) as why:
        reason = why.strerror if isinstance(why, OSError) else str(why)
        raise Problem(str(path), 0, reason or type(why).__name__) from why


def _templates(folder: Path, names: set[str], said: _Description) -> Mapping[str, Template]:
    environment = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(folder),
        autoescape=lambda name: name is not None and name.endswith(XML_TEMPLATE),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
    )
    templates = {}
    for name in sorted(names):
        try:
            templates[name] = environment.get_template(name)
            for phone in sample_phones(said.name, said.lines):
                templates[name].render(phone=phone)
        except Exception as why:  # whatever its expressions raise, and what reading a file does
            raise _problem(why, folder / name, folder) from why
    return templates


def _problem(why: Exception, path: Path, folder: Path | None) -> Problem:
    reason = " ".join(str(why).split()) or type(why).__name__
    if isinstance(why, TemplateSyntaxError):
        return Problem(why.filename or str(path), why.lineno, reason)
    inside = folder or path.parent
    for frame in reversed(traceback.extract_tb(why.__traceback__)):
        if Path(frame.filename).is_relative_to(inside):
            return Problem(frame.filename, frame.lineno or 0, reason)
    return Problem(str(path), 0, reason)
