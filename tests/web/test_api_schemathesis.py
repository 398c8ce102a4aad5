"""The API holds to its own document, whatever schemathesis sends."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from pbxbridge.services.actor import Actor
from pbxbridge.services.extensions import Extensions
from pbxbridge.services.people import Role
from tests.web.forms import add
from tests.web.programs import API, add_person, token_of
from tests.web.visitor import Client
from web.api.operation import PREFIX
from web.api.operations import OPERATIONS
from web.app import Portal, make_app

SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")
SECONDS = 120
SEED = 20240229
# Accepting: JSON Schema cannot say that a number is free, that a user exists, or that a VIRTUAL
# extension needs a mailbox or a forward, so well-formed data may break a rule (422); and an
# If-Match that somebody made up is not the present version (412).
# Rejecting: what is wrong with two fields together is found after a wrong If-Match (412).
CONFIG = """\
[checks]
positive_data_acceptance.expected-statuses = ["2xx", "3xx", 401, 403, 404, 409, 412, 422, 429]
negative_data_rejection.expected-statuses = [400, 401, 403, 404, 405, 409, 412, 415, 422, 429]

[phases.fuzzing]
generation.max-examples = 4

[phases.stateful]
generation.max-examples = 12
"""


@pytest.fixture
def answered() -> Counter[tuple[str, str, int]]:
    """How often each route answered with each status."""
    return Counter()


@pytest.fixture
async def live(portal: Portal, answered: Counter[tuple[str, str, int]]) -> AsyncIterator[Client]:
    """The portal, which notes what it answers."""

    async def note(request: web.Request, response: web.StreamResponse) -> None:
        if (resource := request.match_info.route.resource) is not None:
            answered[request.method, resource.canonical, response.status] += 1

    app = make_app(portal)
    app.on_response_prepare.append(note)
    async with TestClient(TestServer(app)) as client:
        yield client


@pytest.mark.usefixtures("_outside")
async def test_schemathesis_finds_nothing(
    live: Client,
    portal: Portal,
    extensions: Extensions,
    admin: Actor,
    answered: Counter[tuple[str, str, int]],
    tmp_path: Path,
) -> None:
    # What the document's examples speak of.
    await add_person("ada", Role.USER)
    await add(extensions, admin, "1001", users=["ada"])
    token = await token_of(portal.api_tokens)
    config = tmp_path / "schemathesis.toml"
    config.write_text(CONFIG)
    process = await asyncio.create_subprocess_exec(
        SCHEMATHESIS,
        f"--config-file={config}",
        "run",
        str(live.make_url(f"{API}/openapi.json")),
        f"--header=Authorization: Bearer {token}",
        "--checks=all",
        f"--seed={SEED}",
        "--generation-database=none",
        "--no-color",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=tmp_path,
    )
    try:
        async with asyncio.timeout(SECONDS):
            output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    print(output.decode())
    assert process.returncode == 0, output.decode()
    # It must have come past the checks of each operation, or it proved nothing (409: in use).
    for operation in OPERATIONS:
        route = (operation.method, PREFIX + operation.path)
        done = [status for status in (*operation.answers, 409) if answered[*route, status]]
        assert done, (operation.name, answered)
