"""A laptop: the demo city, sandbox counterparts, secrets that everybody may know."""

from config.settings.base import *  # noqa: F403
from config.settings.base import SANDBOX_URL, env
from config.settings.logs import logging_tree
from config.settings.sign_in import sandbox_accounts

DEBUG = True
ALLOWED_HOSTS = ["*"]

# Known to everybody on purpose; production refuses to start with them.
DEVELOPMENT_SECRET_KEY = "development-only-" + "0" * 48
DEVELOPMENT_PERSON_KEYS = {"1": "00112233445566778899aabbccddeeff"}
DEVELOPMENT_BLIND_INDEX_KEY = "ffeeddccbbaa99887766554433221100"
SECRET_KEY = env.str("SECRET_KEY", default=DEVELOPMENT_SECRET_KEY)
PERSON_KEYS = env.dict("PERSON_KEYS", default=DEVELOPMENT_PERSON_KEYS)
BLIND_INDEX_KEY = env.str("BLIND_INDEX_KEY", default=DEVELOPMENT_BLIND_INDEX_KEY)

WEBHOOK_ALLOW_LOOPBACK = True
OFFICIAL_ACCOUNTS = env.json("OFFICIAL_ACCOUNTS", default=sandbox_accounts(SANDBOX_URL))

# The finders serve what the build wrote; no collectstatic between an edit and a look.
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True

LOGGING = logging_tree(as_json=False)
