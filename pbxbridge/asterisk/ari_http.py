"""The HTTP and WebSocket requests of asyncari, made safe.

asyncari's own client puts the secret into every URL (``api_key=``), where logs and error texts show
it; sends it to whatever host Asterisk's API documents name, without looking at a certificate; waits
600 s for an answer; and sends again what may have arrived. Here the secret is in a header, goes to
the host of the settings and nowhere else, and nothing is sent twice.

Source: https://docs.asterisk.org/Configuration/Interfaces/Asterisk-REST-Interface-ARI/
"""

from __future__ import annotations

import base64
import socket
import ssl
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import anyio
import httpx
from asyncswagger11.http_client import HttpClient
from asyncwebsockets import Websocket, create_websocket

from pbxbridge.errors import AsteriskUnavailable
from pbxbridge.settings import NodeSettings

ANSWER_SECONDS = 10.0
# A WebSocket on which nothing comes may be cut, or quiet. After 10 s the kernel asks, and it gives
# up after 5 s more.
_KEEP_ALIVE = {
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE): 1,
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE): 10,
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL): 2,
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT): 3,
}
_PATH = "/ari/"


class AriRefused(AsteriskUnavailable):
    """Asterisk answered that it does not do what was asked; ``status`` is that of HTTP."""

    def __init__(self, sentence: str, status: int) -> None:
        super().__init__(sentence)
        self.status = status


class AriHttp(HttpClient):  # type: ignore[misc]  # asyncswagger11 has no types
    """What asyncari sends its requests by. Each of them raises AsteriskUnavailable."""

    def __init__(self, settings: NodeSettings) -> None:
        self._base = settings.ari_url.rstrip("/")
        self._user = settings.ari_user
        login = f"{settings.ari_user}:{settings.ari_secret.get_secret_value()}"
        self._login = {"Authorization": f"Basic {base64.b64encode(login.encode()).decode()}"}
        self._tls = tls_of(self._base)
        self._session = httpx.AsyncClient(
            headers=self._login,
            timeout=ANSWER_SECONDS,
            trust_env=False,  # no proxy: Asterisk is in a network of our own
            # Where there is no TLS, an empty one spares the reading of all certificates.
            verify=self._tls or ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
        )

    async def close(self) -> None:
        """Close what is open; the WebSocket is closed by who reads it."""
        await self._session.aclose()

    async def request(
        self,
        method: str,
        url: str,
        params: Mapping[str, Any] | None = None,
        data: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Ask for something; ``data`` is JSON. Raises AriRefused, AsteriskUnavailable."""
        kind = {"Content-Type": "application/json"} if data else {}
        try:
            answer = await self._session.request(
                method,
                self._base + _path_of(url),
                params=params,
                content=data,
                headers={**(headers or {}), **kind},
            )
        except (httpx.HTTPError, OSError) as why:
            raise self.unavailable(why) from why
        if answer.is_error:
            raise self._refused(answer.status_code, _message_of(answer))
        return answer

    async def ws_connect(
        self,
        url: str,
        params: Mapping[str, Any] | None = None,
        headers: object = None,  # noqa: ARG002 - asyncari's: what it accepts, which is JSON anyway
    ) -> Websocket:
        """Open the WebSocket of the events."""
        address = f"ws{self._base.removeprefix('http')}{_path_of(url)}"
        login = [(name.encode(), value.encode()) for name, value in self._login.items()]
        try:
            with anyio.fail_after(ANSWER_SECONDS):
                websocket: Websocket = await create_websocket(
                    f"{address}?{urlencode(params or {})}", ssl=self._tls, headers=login
                )
        except (OSError, anyio.EndOfStream) as why:
            raise self.unavailable(why) from why
        for (level, option), value in _KEEP_ALIVE.items():
            websocket.raw_socket.setsockopt(level, option, value)
        return websocket

    def unavailable(self, why: Exception) -> AsteriskUnavailable:
        """Return what to raise for a failed connection."""
        if isinstance(why, httpx.TimeoutException | TimeoutError):
            reason = f"no answer in {ANSWER_SECONDS:g} s"
        else:
            reason = str(why) or type(why).__name__
        return AsteriskUnavailable(f"No ARI at {self._base}: {reason}.")

    def _refused(self, status: int, message: str) -> AriRefused:
        match status:
            case 401:
                sentence = f"Asterisk refused the ARI login of user {self._user}."
            case 403:
                sentence = read_only_sentence(self._user)
            case _:
                sentence = f"ARI at {self._base} answers: {message} ({status})."
        return AriRefused(sentence, status)


def read_only_sentence(user: str) -> str:
    """Return what is wrong with a user of ARI that may only read."""
    return f"ARI user {user} may only read: ari.conf has `read_only = yes` in [{user}]."


def tls_of(base: str) -> ssl.SSLContext | None:
    """Return what checks the certificate of an HTTPS address, None for HTTP."""
    return ssl.create_default_context() if base.startswith("https:") else None


def _path_of(url: str) -> str:
    """Return the path of an address that asyncari made of what Asterisk says of itself.

    Asterisk names the host that it was asked by, and HTTP always, even behind a proxy with TLS.
    """
    return _PATH + url.partition(_PATH)[2]


def _message_of(answer: httpx.Response) -> str:
    try:
        said = answer.json()
    except ValueError:
        said = None
    words = said.get("message") or said.get("error") if isinstance(said, dict) else None
    return str(words or answer.reason_phrase)
