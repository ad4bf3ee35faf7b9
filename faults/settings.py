"""Development's secrets and loopback callbacks, but what is measured and killed runs as in production."""

from config.settings.development import *  # noqa: F403

DEBUG = False
