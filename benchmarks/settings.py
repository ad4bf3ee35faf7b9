"""The platform as it is measured: as in production, with development's secrets, the floors beside the API."""

from config.settings.development import *  # noqa: F403
from config.settings.logs import logging_tree

DEBUG = False
ROOT_URLCONF = "benchmarks.urls"
LOGGING = logging_tree(as_json=True)
