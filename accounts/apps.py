from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class AccountsConfig(AppConfig):
    """People and systems known to the platform, and everything that is said to them."""

    name = "accounts"
    verbose_name = "Accounts"

    def ready(self) -> None:
        # A worker renders notices of every app, so every app's kinds must be known to it; so it is with the
        # words for looks at people's data, and with what each app holds about a person.
        autodiscover_modules("checks", "notices", "looks", "holdings")
