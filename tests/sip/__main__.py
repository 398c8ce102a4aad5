"""`python -m tests.sip USER SECRET HOST PORT`: a demo phone until Ctrl-C."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import sys

from .demo import run_demo_phone


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.sip", description=__doc__)
    parser.add_argument("user", help="the extension")
    parser.add_argument("secret", help="its SIP secret, or - to read one line from stdin")
    parser.add_argument("host", help="address of the registrar")
    parser.add_argument("port", type=int, help="its UDP port")
    parser.add_argument("--bind", default="127.0.0.1", help="local address (%(default)s)")
    parser.add_argument("--tone", type=int, default=440, help="hertz to play (%(default)s)")
    return parser.parse_args()


async def _run(arguments: argparse.Namespace, secret: str) -> None:
    phone = asyncio.ensure_future(
        run_demo_phone(
            arguments.user,
            secret,
            arguments.host,
            arguments.port,
            bind_host=arguments.bind,
            tone_hz=arguments.tone,
            on_status=lambda status: _say(f"{arguments.user}: REGISTER {status}"),
        )
    )
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, phone.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await phone
    _say(f"{arguments.user}: gone")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> None:
    """Read the command line and run."""
    arguments = _arguments()
    secret = sys.stdin.readline().strip() if arguments.secret == "-" else arguments.secret
    asyncio.run(_run(arguments, secret))


if __name__ == "__main__":
    main()
