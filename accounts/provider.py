"""Where django-allauth's registry looks for an app's providers."""

from accounts.official_accounts import OfficialAccount

provider_classes = [OfficialAccount]
