"""Log lines as JSON; control characters cannot break out of a line."""

from __future__ import annotations

from typing import Any

import structlog


def encoded(_logger: Any, _method: str, line: str) -> str:
    """JSON escapes all that is not printable ASCII, but DEL."""
    return line.replace("\x7f", "\\u007f")


def formatter() -> structlog.stdlib.ProcessorFormatter:
    """A formatter for the standard library's handlers."""
    return structlog.stdlib.ProcessorFormatter(
        processors=[
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.JSONRenderer(),
            encoded,
        ],
        foreign_pre_chain=[structlog.stdlib.ExtraAdder()],
    )


def configure() -> None:
    """Send structlog through the standard library, so that one handler and one format serve both."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
