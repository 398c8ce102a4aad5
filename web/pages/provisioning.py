"""Where phones fetch their configuration: below an address of their own, or by their MAC address.

Nobody signs in here. Who knows a phone's own address may have its files. By the MAC address, which
is printed on the phone, files are for the networks of the settings alone, with a user and a
password; to the rest of the world there is nothing. Either way a file holds secrets, so it goes by
HTTPS only, unless a setting says otherwise.
"""

from __future__ import annotations

from ipaddress import ip_address

import structlog
from aiohttp import hdrs, web

from pbxbridge.errors import NotFound, TooManyAttempts
from pbxbridge.phone_settings import PhoneSettings
from pbxbridge.services.desk_phones.addresses import NoSuchAddress
from pbxbridge.services.desk_phones.files import Asked, ConfigurationFile, NoFile
from pbxbridge.services.secret_links import PROVISIONING_PATH
from pbxbridge.services.sign_in_limit import network_of
from pbxbridge.services.sliding_window import SlidingWindow
from web.access import public
from web.client_address import is_encrypted, is_within
from web.digest_auth import Account, DigestDoor, Verdict
from web.portal import client_address, portal_of
from web.routes import PROVISIONING, PROVISIONING_BY_MAC

REALM = "pbxbridge phones"
WINDOW_SECONDS = 15 * 60.0
# No token can be guessed; behind one address there may be many phones that ask for what is gone.
WRONG_TOKENS = 200
WRONG_PASSWORDS = 20
_FORWARDING = ("Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Proto")

log = structlog.get_logger(__name__)


class Door:
    """Who may fetch, and how often they may be wrong, for each network."""

    def __init__(self, settings: PhoneSettings) -> None:
        account = Account(settings.user, settings.password.get_secret_value())
        self.digest = DigestDoor(account, REALM)
        self.wrong_tokens = SlidingWindow(WRONG_TOKENS, WINDOW_SECONDS)
        self.wrong_passwords = SlidingWindow(WRONG_PASSWORDS, WINDOW_SECONDS)
        # What stands in the log of them, once in a while.
        self.told = SlidingWindow(1, WINDOW_SECONDS)


DOOR = web.AppKey("provisioning", Door)


def routes() -> list[web.RouteDef]:
    """Return what this module serves."""
    by_token = f"{PROVISIONING_PATH}{{token}}/{{file}}"
    return [
        web.get(by_token, by_own_address, name=PROVISIONING),
        web.get(f"{PROVISIONING_PATH}{{file}}", by_mac, name=PROVISIONING_BY_MAC),
    ]


@public
async def by_own_address(request: web.Request) -> web.StreamResponse:
    """Hand out a file of the phone whose address this is."""
    door, network = request.config_dict[DOOR], network_of(client_address(request))
    _refuse_if_often_wrong(door.wrong_tokens, network)
    if not _is_private(request):
        return _plain(403)
    token = request.match_info["token"]
    try:
        file = await portal_of(request).desk_phones.file_by_token(token, _asked(request))
    except NoSuchAddress:
        door.wrong_tokens.add(network)
        return _plain(404)
    except NotFound:
        return _plain(404)
    except NoFile:
        return _plain(503)
    return _answer(file)


@public
async def by_mac(request: web.Request) -> web.StreamResponse:
    """Hand out the file whose name has the phone's MAC address in it, within the networks."""
    address, door = client_address(request), request.config_dict[DOOR]
    if not is_within(address, portal_of(request).phone_settings.networks):
        return _plain(404)
    if not _is_private(request):
        return _plain(403)
    _refuse_if_often_wrong(door.wrong_passwords, network_of(address))
    header = request.headers.get(hdrs.AUTHORIZATION, "")
    verdict = door.digest.verdict(request.method, request.raw_path, header)
    if verdict is not Verdict.RIGHT:
        if verdict is Verdict.WRONG:
            door.wrong_passwords.add(network_of(address))
            log.warning("phones.password_refused", address=address)
        response = _plain(401)
        for challenge in door.digest.challenges(stale=verdict is Verdict.STALE):
            response.headers.add(hdrs.WWW_AUTHENTICATE, challenge)
        return response
    try:
        return _answer(await portal_of(request).desk_phones.file_by_mac(_asked(request)))
    except NotFound:
        return _plain(404)
    except NoFile:
        return _plain(503)


def _asked(request: web.Request) -> Asked:
    is_fetched = request.method == hdrs.METH_GET
    return Asked(request.match_info["file"], client_address(request), is_fetched)


def _refuse_if_often_wrong(window: SlidingWindow, network: str) -> None:
    if wait := window.wait(network):
        raise TooManyAttempts(wait)


def _is_private(request: web.Request) -> bool:
    """Whether nobody on the way can read the answer, or the settings do not mind."""
    portal, remote = portal_of(request), request.remote or ""
    forwarded = ",".join(request.headers.getall("X-Forwarded-Proto", []))
    if is_encrypted(request.scheme, remote, forwarded, portal.settings.trusted_proxies):
        return True
    is_trial = portal.settings.public_url.startswith("http://") and _is_this_machine(request)
    if portal.phone_settings.plain_http or is_trial:
        return True
    address, told = client_address(request), request.config_dict[DOOR].told
    if not told.wait(network_of(address)):
        told.add(network_of(address))
        log.warning("phones.plain_http_refused", address=address)
    return False


def _is_this_machine(request: web.Request) -> bool:
    """Whether a program here asks, and no proxy for somebody elsewhere."""
    if any(name in request.headers for name in _FORWARDING):
        return False
    try:
        return ip_address(request.remote or "").is_loopback
    except ValueError:
        return False


def _answer(file: ConfigurationFile) -> web.Response:
    return web.Response(text=file.text, content_type=file.content_type, charset="utf-8")


def _plain(status: int) -> web.Response:
    """Say no more than the status: a phone reads nothing, and others need know nothing."""
    return web.Response(text=f"{status}\n", status=status)
