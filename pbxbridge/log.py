"""Structured logs: dotted events in the past tense, values as keys, secrets never."""

import logging
import sys

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from pbxbridge.settings import LogSettings

SECRET_KEYS = ("secret", "password", "pin", "token", "authorization", "cookie")


def redact_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Replace the value of every key that names a secret."""
    for key in event:
        if any(word in key.lower().split("_") for word in SECRET_KEYS):
            event[key] = "***"
    return event


def configure_logging(settings: LogSettings) -> None:
    """Send our records and the libraries' warnings to stderr, in the form that settings ask for."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        redact_secrets,
    ]
    renderer: Processor = (
        structlog.processors.JSONRenderer()
        if settings.format == "json"
        # Never rich's tracebacks, which it would choose by itself: they print every local variable,
        # and ours are passwords, PINs and session tokens.
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    final: list[Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if settings.format == "json":
        final.append(structlog.processors.format_exc_info)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=[*final, renderer])
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    for package in ("pbxbridge", "ami_handlers", "web"):
        logging.getLogger(package).setLevel(settings.level.upper())
    # Web requests and AMI actions are logged by our own code, which knows what to leave out.
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING)
    logging.getLogger("panoramisk").setLevel(logging.ERROR)
