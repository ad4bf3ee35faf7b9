"""The city's official accounts, by which a citizen may say who they are: OpenID Connect (Article 6).

django-allauth speaks the protocol: state, PKCE, the exchange of the code, the ID token. What it would do then
(make users, keep tokens and claims in plain text) is never reached: its adapter below ends each sign-in with
what was proved. docs/adr/0011.
"""

from __future__ import annotations

from dataclasses import dataclass
from secrets import token_urlsafe
from typing import Any, NoReturn
from urllib.parse import urlsplit

import requests
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp, SocialLogin
from allauth.socialaccount.providers.base.constants import AuthError, AuthProcess
from allauth.socialaccount.providers.oauth2.client import OAuth2Client, OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from common.errors import Refusal
from common.identity import InvalidIdentity, check_resident_id, normalise_phone

# Whatever an issuer sends that is not as the protocol has it. Its cause may quote claims: it goes no further.
_AMISS = (requests.RequestException, OAuth2Error, ValueError, KeyError, TypeError, AttributeError)


class NotProved(Refusal):
    """The official account's answer does not prove who somebody is."""

    code = "sign_in_not_proved"
    status = 422
    articles = (6,)
    meaning = _("What the official account answered does not prove who is signing in.")
    remedy = _("Begin again, or sign in with a code sent to your phone.")


class OfficialAccountAway(Refusal):
    """The official account cannot be reached."""

    code = "official_account_away"
    status = 503
    articles = (6,)
    meaning = _("The official account does not answer just now.")
    remedy = _("Try again in a few minutes, or sign in with a code sent to your phone.")


class Cancelled(Exception):
    """Somebody changed their mind at the official account."""


@dataclass(frozen=True)
class ProvedIdentity:
    """What the official account vouches for. A number comes with its name; a telephone may come alone."""

    name: str = ""
    resident_id: str = ""
    phone: str = ""


class _Proved(Exception):
    """Ends a sign-in before anything of allauth's own is made of it."""

    def __init__(self, identity: ProvedIdentity, leads_to: str) -> None:
        super().__init__()
        self.identity = identity
        self.leads_to = leads_to


class Adapter(DefaultSocialAccountAdapter):
    """Named by SOCIALACCOUNT_ADAPTER. Knows the settings' issuers and no others, and signs nobody up."""

    def list_apps(
        self, request: HttpRequest, provider: str | None = None, client_id: str | None = None
    ) -> list[SocialApp]:
        return [
            _app(account) for account in settings.OFFICIAL_ACCOUNTS if provider in (None, account["code"])
        ]

    def get_requests_session(self) -> requests.Session:
        """To the address configured, not by way of a proxy and not where a redirect leads."""
        session: requests.Session = super().get_requests_session()
        session.trust_env = False
        session.max_redirects = 0
        return session

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> NoReturn:
        """Beyond what allauth has checked: the ID token answers this very question, of this very person."""
        claims, state = sociallogin.account.extra_data, sociallogin.state
        token, told = claims["id_token"], claims["userinfo"]
        if token["nonce"] != state["nonce"] or token["sub"] != told["sub"]:
            raise OAuth2Error("another question's answer, or another person's")
        raise _Proved(_identity(told), state.get("next") or "")

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: str | None = None,
        exception: Exception | None = None,
        extra_context: dict[str, Any] | None = None,
    ) -> NoReturn:
        """Called for a state that is not this session's, an error told by the issuer, and all that fails."""
        if error == AuthError.CANCELLED:
            raise Cancelled
        raise exception or OAuth2Error("no such sign-in was begun here")


class _Endpoints(OpenIDConnectOAuth2Adapter):
    """allauth believes discovery whichever issuer it names, and an ID token that came over TLS unread.

    Here the issuer is the one configured, and the signature is always checked.
    """

    @property
    def openid_config(self) -> dict[str, Any]:
        config: dict[str, Any] = super().openid_config
        if config["issuer"] != self.get_provider().app.settings["server_url"]:
            raise OAuth2Error("another issuer")
        return config

    def get_access_token_data(
        self,
        request: HttpRequest,
        app: SocialApp,
        client: OAuth2Client,
        pkce_code_verifier: str | None = None,
    ) -> dict[str, Any]:
        data: dict[str, Any] = super().get_access_token_data(request, app, client, pkce_code_verifier)
        if "id_token" not in data:
            raise OAuth2Error("no ID token")
        self.did_fetch_access_token = False
        return data

    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:
        return request.build_absolute_uri(reverse("official_account_back", args=[app.provider_id]))


class OfficialAccount(OpenIDConnectProvider):
    """What allauth calls a provider; its registry finds this one by accounts/provider.py."""

    id = "official_account"
    oauth2_adapter_class = _Endpoints


class SignInClosed(Refusal):
    """This citizen's sign-in was switched off."""

    code = "sign_in_closed"
    status = 403
    articles = (6,)
    meaning = _("The sign-in of this citizen was switched off.")
    remedy = _("Ask the service centre.")


@dataclass(frozen=True)
class Shown:
    """An official account as a page offers it."""

    code: str
    name: str


def offered(*, by_number: bool = False) -> list[Shown]:
    """All of them, or those that vouch for a name and number, named in the reader's language."""
    suffix = "zh" if (get_language() or "zh").startswith("zh") else "en"
    return [
        Shown(account["code"], account[f"name_{suffix}"])
        for account in settings.OFFICIAL_ACCOUNTS
        if not by_number or "resident_id" in account["scope"].split()
    ]


def origins() -> list[str]:
    """Where a form that begins a sign-in may lead, for the content policy: the issuers and nothing else."""
    places = [urlsplit(account["issuer"]) for account in settings.OFFICIAL_ACCOUNTS]
    return sorted({f"{place.scheme}://{place.netloc}" for place in places})


def begin(request: HttpRequest, code: str, *, leads_to: str) -> HttpResponse:
    """To the official account's own page. Raises OfficialAccountAway."""
    provider = Adapter(request).get_provider(request, code)
    nonce = token_urlsafe(24)
    try:
        return provider.redirect(
            request,
            AuthProcess.LOGIN,
            next_url=leads_to,
            auth_params={"nonce": nonce},
            # Waits in the session beside the state.
            nonce=nonce,
        )
    except _AMISS:
        raise OfficialAccountAway(_("This official account does not answer just now.")) from None


def finish(request: HttpRequest, code: str) -> tuple[ProvedIdentity, str]:
    """Who came back, and where they wanted to go. Raises Cancelled, NotProved, OfficialAccountAway."""
    try:
        OAuth2CallbackView.adapter_view(_Endpoints(request, code))(request)
    except _Proved as proved:
        return proved.identity, proved.leads_to
    except requests.RequestException:
        raise OfficialAccountAway(_("This official account does not answer just now.")) from None
    except _AMISS:
        pass
    raise NotProved(_("The official account's answer does not prove who you are. Nobody was signed in."))


def _app(account: dict[str, Any]) -> SocialApp:
    return SocialApp(
        provider=OfficialAccount.id,
        provider_id=account["code"],
        name=account["name_zh"],
        client_id=account["client_id"],
        secret=account["secret"],
        settings={
            "server_url": account["issuer"],
            "scope": account["scope"].split(),
            "oauth_pkce_enabled": True,
        },
    )


def _identity(told: dict[str, Any]) -> ProvedIdentity:
    """Only what is said to be verified. Raises ValueError for what is not of its kind."""
    name = resident_id = phone = ""
    try:
        if told.get("resident_id_verified") is True:
            name, resident_id = told["name"].strip(), check_resident_id(told["resident_id"]).number
        if told.get("phone_number_verified") is True:
            phone = normalise_phone(told["phone_number"])
    except InvalidIdentity:
        raise ValueError from None
    if (resident_id and not name) or not (resident_id or phone):
        raise ValueError
    return ProvedIdentity(name, resident_id, phone)
