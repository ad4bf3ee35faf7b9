"""The test run: development's secrets, quick hashing, nothing that reaches the network."""

from config.settings.base import env
from config.settings.development import *  # noqa: F403
from config.settings.development import DATABASES
from config.settings.sign_in import sandbox_accounts

DEBUG = False
SEALS_FILE = ""
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

# Port 9 is `discard`: a test that forgets its double is refused at once.
SANDBOX_URL = env.str("TEST_SANDBOX_URL", default="http://127.0.0.1:9")
SCORE_OPERATOR_URL = f"{SANDBOX_URL}/score"
IDENTITY_URL = f"{SANDBOX_URL}/identity"
SMS_URL = f"{SANDBOX_URL}/sms"
SCENES_URL = f"{SANDBOX_URL}/scenes"
INSURER_URL = f"{SANDBOX_URL}/insurer"
OFFICIAL_ACCOUNTS = sandbox_accounts(SANDBOX_URL)

# Commits need not reach the disk: no test pulls the plug of its own server.
DATABASES["default"]["OPTIONS"]["options"] += " -c synchronous_commit=off"
# One connection a test; a kept one would outlive its test database.
DATABASES["default"]["CONN_MAX_AGE"] = 0
