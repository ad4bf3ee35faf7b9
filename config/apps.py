"""The project itself as an app, so that its commands are found."""

from django.apps import AppConfig


class PlatformConfig(AppConfig):
    """Carries the commands that drive every app at once."""

    name = "config"
    verbose_name = "Platform"
