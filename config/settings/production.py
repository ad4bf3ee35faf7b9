"""Production, behind a proxy that ends TLS and sets X-Forwarded-Proto. Every secret comes from outside."""

from django.core.exceptions import ImproperlyConfigured

from config.settings import development
from config.settings.base import *  # noqa: F403
from config.settings.base import (
    ALLOWED_HOSTS,
    BLIND_INDEX_KEY,
    OFFICIAL_ACCOUNTS,
    PERSON_KEY_CURRENT,
    PERSON_KEYS,
    SECRET_KEY,
    env,
)

for name in ("SECRET_KEY", "ALLOWED_HOSTS", "DATABASE_URL", "REDIS_URL", "PERSON_KEYS", "BLIND_INDEX_KEY"):
    if not env.str(name, default=""):
        raise ImproperlyConfigured(f"{name} must be set in production")
if (
    SECRET_KEY == development.DEVELOPMENT_SECRET_KEY
    or BLIND_INDEX_KEY == development.DEVELOPMENT_BLIND_INDEX_KEY
    or set(PERSON_KEYS.values()) & set(development.DEVELOPMENT_PERSON_KEYS.values())
):
    raise ImproperlyConfigured("production refuses to start with the development secrets")
if PERSON_KEY_CURRENT not in PERSON_KEYS:
    raise ImproperlyConfigured("PERSON_KEY_CURRENT names no key in PERSON_KEYS")
if not all(str(account["issuer"]).startswith("https://") for account in OFFICIAL_ACCOUNTS):
    raise ImproperlyConfigured("every issuer of OFFICIAL_ACCOUNTS must be https://")

SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = True
# The balancer asks from inside, without TLS.
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^metrics$"]
SECURE_HSTS_SECONDS = 365 * 24 * 3600
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# Where the proxy writes for whom it speaks, such as HTTP_X_REAL_IP; it must overwrite what a client sends.
if header := env.str("CLIENT_ADDRESS_HEADER", default=""):
    AXES_IPWARE_META_PRECEDENCE_ORDER = [header, "REMOTE_ADDR"]

SESSION_COOKIE_SECURE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = True
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_TRUSTED_ORIGINS = [f"https://{host.lstrip('.')}" for host in ALLOWED_HOSTS if host != "*"]
