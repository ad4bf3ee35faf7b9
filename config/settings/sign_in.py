"""Signing in through official accounts (Article 6): of django-allauth nothing but OpenID Connect is used."""

from typing import Any

# Ours lets nobody sign up, keeps nothing, and knows only the issuers of OFFICIAL_ACCOUNTS.
SOCIALACCOUNT_ADAPTER = "accounts.official_accounts.Adapter"
SOCIALACCOUNT_REQUESTS_TIMEOUT = 5
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
ACCOUNT_EMAIL_VERIFICATION = "none"

REAL_NAME = "openid profile resident_id phone"
TELEPHONE_ONLY = "openid phone"


def sandbox_accounts(sandbox_url: str) -> list[dict[str, Any]]:
    """The official accounts of Article 6 as the sandbox plays them; the last tells telephones alone."""
    played = [
        ("i-xiamen", "i厦门", "i Xiamen", REAL_NAME),
        ("baiying", "白鹰分", "Baiying score", REAL_NAME),
        ("health", "美丽厦门智慧健康", "Healthy Xiamen", TELEPHONE_ONLY),
    ]
    return [
        {
            "code": code,
            "name_zh": name_zh,
            "name_en": name_en,
            "issuer": f"{sandbox_url}/issuers/{code}",
            "client_id": "platform",
            "secret": "sandbox-secret",
            "scope": scope,
        }
        for code, name_zh, name_en, scope in played
    ]
