"""Settings that hold everywhere. What differs by place comes from the environment."""

from pathlib import Path
from typing import Any

import environ

from config.settings.logs import logging_tree
from config.settings.security import (  # noqa: F401 - settings, read by their libraries
    AUTH_PASSWORD_VALIDATORS,
    AXES_COOLOFF_TIME,
    AXES_DISABLE_ACCESS_LOG,
    AXES_ENABLE_ADMIN,
    AXES_FAILURE_LIMIT,
    AXES_HANDLER,
    AXES_LOCKOUT_PARAMETERS,
    AXES_LOCKOUT_TEMPLATE,
    AXES_RESET_ON_SUCCESS,
    CONTENT_SECURITY_POLICY,
    OAUTH2_PROVIDER,
    OAUTH2_PROVIDER_APPLICATION_MODEL,
    PASSWORD_HASHERS,
)
from config.settings.sign_in import (  # noqa: F401 - settings, read by django-allauth
    ACCOUNT_EMAIL_VERIFICATION,
    SOCIALACCOUNT_ADAPTER,
    SOCIALACCOUNT_EMAIL_AUTHENTICATION,
    SOCIALACCOUNT_REQUESTS_TIMEOUT,
    SOCIALACCOUNT_STORE_TOKENS,
)

BASE_DIR = Path(__file__).resolve().parent.parent.parent
VAR_DIR = BASE_DIR / "var"

env = environ.Env()
# Written by tools/services.py while the embedded servers run; the environment always wins.
env.read_env(VAR_DIR / "services.env", overwrite=False)

DEBUG = False
SECRET_KEY = env.str("SECRET_KEY", default="")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[])

# Keys for people's data, `version=hex,version=hex`; common.crypto reads them through a key provider.
PERSON_KEYS = env.dict("PERSON_KEYS", default={})
PERSON_KEY_CURRENT = env.str("PERSON_KEY_CURRENT", default="1")
BLIND_INDEX_KEY = env.str("BLIND_INDEX_KEY", default="")

# The scheme may travel to other cities (Article 12), so nothing in the code names this one.
SCHEME = {
    "city_zh": env.str("SCHEME_CITY_ZH", default="厦门"),
    "city_en": env.str("SCHEME_CITY_EN", default="Xiamen"),
    "score_zh": env.str("SCHEME_SCORE_ZH", default="白鹰分"),
    "score_en": env.str("SCHEME_SCORE_EN", default="Baiying score"),
    "scheme_zh": env.str("SCHEME_NAME_ZH", default="信用就医"),
    "scheme_en": env.str("SCHEME_NAME_EN", default="Credit Healthcare"),
    "phone": env.str("SCHEME_PHONE", default="12345"),
}

# The counterparts. On a laptop the sandbox plays them all.
SANDBOX_URL = env.str("SANDBOX_URL", default="http://127.0.0.1:8001")
SCORE_OPERATOR_URL = env.str("SCORE_OPERATOR_URL", default=f"{SANDBOX_URL}/score")
IDENTITY_URL = env.str("IDENTITY_URL", default=f"{SANDBOX_URL}/identity")
SMS_URL = env.str("SMS_URL", default=f"{SANDBOX_URL}/sms")
SCENES_URL = env.str("SCENES_URL", default=f"{SANDBOX_URL}/scenes")
INSURER_URL = env.str("INSURER_URL", default=f"{SANDBOX_URL}/insurer")

# Issuers of OpenID Connect by which citizens may sign in, as docs/operations.md describes them.
OFFICIAL_ACCOUNTS = env.json("OFFICIAL_ACCOUNTS", default=[])
# What `?from=` may say besides the official accounts and the codes of hospitals and lenders (Article 6).
ENTRY_CHANNELS = env.list("ENTRY_CHANNELS", default=["wechat", "alipay"])

# Seals of the hash chains are also written here, out of the database's reach; empty for nowhere.
SEALS_FILE = env.str("SEALS_FILE", default="")
# Callbacks to private addresses are refused; only a sandbox on the same machine may have one.
WEBHOOK_ALLOW_LOOPBACK = False

METRICS_TOKEN = env.str("METRICS_TOKEN", default="")

# Requests that a client of the interface has in a minute, in each web process.
API_RATE_PER_MINUTE = env.int("API_RATE_PER_MINUTE", default=60_000)

INSTALLED_APPS = [
    "config",
    "benchmarks",
    "city",
    "oversight",
    "complaints",
    "billing",
    "lenders",
    "hospitals",
    "credit",
    "accounts",
    "common",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    # For its exclusion constraints on date ranges; no extension of the server is used.
    "django.contrib.postgres",
    # For its templates, which the form renderer looks up among all others.
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "axes",
    "csp",
    # The simple configuration: the loaders stand below, where they can be seen.
    "django_cotton.apps.SimpleAppConfig",
    "django_htmx",
    "django_prometheus",
    "django_structlog",
    "drf_spectacular",
    "oauth2_provider",
    "pghistory",
    "pgtrigger",
    "rest_framework",
]

MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "config.sessions.SessionLimits",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "config.history.EditHistory",
    "config.addresses.NoNul",
    "config.entry.EntryChannel",
    "allauth.account.middleware.AccountMiddleware",
    "axes.middleware.AxesMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "django_cotton.cotton_loader.Loader",
                        "django.template.loaders.filesystem.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ],
            "builtins": ["django_cotton.templatetags.cotton"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "config.context.scheme",
                "accounts.context.look",
            ],
        },
    },
]
COTTON_DIR = "components"
# A page's variables stay out of the components it uses.
COTTON_ISOLATE_BY_DEFAULT = True
CSRF_FAILURE_VIEW = "accounts.views.public.csrf_failure"
FORM_RENDERER = "common.forms.Renderer"

# A lock that cannot be had within three seconds is refused (409 or 503), never waited for by a whole queue.
DATABASES = {
    "default": {
        **env.db("DATABASE_URL", default="postgres:///platform"),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "connect_timeout": 5,
            "options": "-c lock_timeout=3000 -c idle_in_transaction_session_timeout=60000"
            " -c plan_cache_mode=force_generic_plan",
        },
        "TEST": {"TEMPLATE": "template0"},
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Redis carries the queue and nothing else: sessions are rows, and each process caches for itself.
REDIS_URL = env.str("REDIS_URL", default="redis://127.0.0.1:6379/0")
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
SESSION_ENGINE = "django.contrib.sessions.backends.db"

AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "sign_in"
LOGIN_REDIRECT_URL = "landing"
LOGOUT_REDIRECT_URL = "home"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["config.formats"]
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [folder for folder in [BASE_DIR / "static" / "build"] if folder.is_dir()]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
MEDIA_ROOT = VAR_DIR / "media"
# A million lines of a hospital's file, and nothing larger; what is larger is thrown away while it comes in.
UPLOAD_MOST_BYTES = 256 * 2**20
FILE_UPLOAD_HANDLERS = [
    "common.uploads.AtMost",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.rest.auth.ClientAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_PAGINATION_CLASS": None,
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "accounts.rest.problems.problem_handler",
    "UNAUTHENTICATED_USER": None,
}

SPECTACULAR_SETTINGS = {
    "TITLE": f"{SCHEME['city_en']} {SCHEME['scheme_en']}",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": [],
    "COMPONENT_SPLIT_REQUEST": True,
    # The one choice that two bodies share and that others call the same.
    "ENUM_NAME_OVERRIDES": {"OfferKindEnum": "lenders.models.Offer.Kind"},
}

DJANGO_STRUCTLOG_CELERY_ENABLED = True
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False
LOGGING = logging_tree(as_json=True)
