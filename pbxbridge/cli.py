"""The command line: serve, migrate, create-admin, new-key, check, export, import, reconcile."""

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from typing import Annotated, Any, TypeVar

import typer
from pydantic import ValidationError
from rich.console import Console
from tortoise.exceptions import BaseORMException

from pbxbridge import check as checks
from pbxbridge import sealing
from pbxbridge.errors import PbxBridgeError
from pbxbridge.events import EventBus
from pbxbridge.log import configure_logging
from pbxbridge.models.database import open_database
from pbxbridge.reconcile_console import reconcile
from pbxbridge.service import prepare
from pbxbridge.service import serve as serve_for_ever
from pbxbridge.services.accounts import Accounts
from pbxbridge.services.calling.plan import ensure_built_in
from pbxbridge.services.licences import Licences, count_licences
from pbxbridge.services.reconcile.reconcile import Reconciler
from pbxbridge.services.transfer.importers import AUTO, FORMATS
from pbxbridge.services.transfer.transfer import Transfer
from pbxbridge.settings import PREFIX, Settings
from pbxbridge.site import site_of
from pbxbridge.transfer_console import export_to, import_file

app = typer.Typer(
    help="A bridge between the people who administer phone extensions and an Asterisk PBX.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
T = TypeVar("T")


@app.command()
def serve() -> None:
    """Run the bridge: portal, mirror, voicemail relay. Stops at SIGINT or SIGTERM."""
    settings = _settings()
    _run(serve_for_ever(settings))


@app.command()
def migrate() -> None:
    """Create or update the tables in the database."""
    _run(prepare(_settings()))
    typer.echo("The database is up to date.")


@app.command("create-admin")
def create_admin(
    login: Annotated[str, typer.Argument(help="login name of the new administrator")] = "admin",
) -> None:
    """Create a portal user; prints a one-time password, which is stored nowhere in the clear."""
    password = _run(_create_admin(_settings(), login))
    typer.echo(f"Login name: {login}\nOne-time password: {password}")


@app.command("new-key")
def new_key() -> None:
    """Make a key for PBXBRIDGE_SECRETS__KEYS, which seals SIP secrets; it is stored nowhere."""
    typer.echo(sealing.new_key())


@app.command()
def check() -> None:
    """Test database, Asterisk and its configuration, SMTP; exit with 1 if anything is wrong."""
    results = _run(checks.check_all(_settings()))
    width = max(16, *(len(result.name) for result in results))
    for result in results:
        typer.echo(f"{'ok  ' if result.ok else 'FAIL'}  {result.name:<{width}} {result.detail}")
        if not result.ok:
            typer.echo(f"      {'':<{width}} -> {result.remedy}")
    if not all(result.ok for result in results):
        raise typer.Exit(1)


@app.command("export")
def export_extensions(
    file: Annotated[str, typer.Argument(help="where to write; - is standard output")],
) -> None:
    """Write all extensions to a CSV file; secrets and PINs stay here."""
    _run(_export(_settings(), file))


@app.command("import")
def import_extensions(
    file: Annotated[str, typer.Argument(help="the CSV file, docs/csv.md")],
    file_format: Annotated[
        str, typer.Option("--format", help=f"one of {', '.join((AUTO, *FORMATS))}")
    ] = AUTO,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="only say what would become of each row")
    ] = False,
) -> None:
    """Create and change extensions from a CSV file: all of it, or nothing if a row is wrong."""
    _run(_import(_settings(), file, file_format, dry_run=dry_run))


@app.command("reconcile")
def reconcile_tables(
    *,
    repair: Annotated[bool, typer.Option("--repair", help="write the rows as they should be")] = (
        False
    ),
    verbose: Annotated[
        bool, typer.Option("--verbose", help="list the rows that others made, too")
    ] = False,
) -> None:
    """Compare Asterisk's tables with the portal's; exit with 1 if they differ."""
    if not _run(_reconcile(_settings(), repair=repair, verbose=verbose)):
        raise typer.Exit(1)


def main() -> None:
    """Run the command line."""
    app()


async def _create_admin(settings: Settings, login: str) -> str:
    async with open_database(settings.database.url.get_secret_value()):
        accounts = Accounts(idle=timedelta.max, longest=timedelta.max)
        return await accounts.create_admin(login)


async def _export(settings: Settings, file: str) -> None:
    async with open_database(settings.database.url.get_secret_value()):
        await export_to(_transfer(settings), file)


async def _import(settings: Settings, file: str, file_format: str, *, dry_run: bool) -> None:
    async with open_database(settings.database.url.get_secret_value()):
        await ensure_built_in()
        await count_licences()
        transfer = _transfer(settings)
        await import_file(transfer, file, file_format, dry_run=dry_run, console=Console())


async def _reconcile(settings: Settings, *, repair: bool, verbose: bool) -> bool:
    async with open_database(settings.database.url.get_secret_value()):
        reconciler = Reconciler(site_of(settings))
        return await reconcile(reconciler, repair=repair, verbose=verbose, console=Console())


def _transfer(settings: Settings) -> Transfer:
    return Transfer(EventBus(), site_of(settings), Licences(settings.licence.extensions))


def _settings() -> Settings:
    try:
        settings = Settings()
    except ValidationError as wrong:
        for problem in wrong.errors(include_url=False, include_input=False):
            name = PREFIX + "__".join(str(part) for part in problem["loc"]).upper()
            typer.echo(f"{name}: {problem['msg']}", err=True)
        raise typer.Exit(2) from None
    except OSError as wrong:
        typer.echo(str(wrong), err=True)
        raise typer.Exit(2) from None
    configure_logging(settings.log)
    return settings


def _run(work: Coroutine[Any, Any, T]) -> T:
    try:
        return asyncio.run(work)
    except PbxBridgeError as wrong:
        typer.echo(str(wrong), err=True)
    except BaseORMException as wrong:
        typer.echo(f"{wrong}\nRun `pbxbridge migrate`, and `pbxbridge check` for more.", err=True)
    except OSError as wrong:
        typer.echo(f"{wrong}\nRun `pbxbridge check` for more.", err=True)
    raise typer.Exit(1)
