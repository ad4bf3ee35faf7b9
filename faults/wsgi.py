"""The platform's own application, on the stage's clock."""

from config.wsgi import application
from faults import clock

__all__ = ["application"]

clock.install()
