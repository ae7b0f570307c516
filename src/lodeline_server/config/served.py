"""The WSGI entry of `lodeline serve`: the application, and what a server does on threads of its own."""

from __future__ import annotations

from lodeline_server.config.wsgi import application
from lodeline_server.log import after

after.in_background()

__all__ = ["application"]
