"""The city's official accounts as issuers of OpenID Connect: one at `/issuers/<code>`, whatever the code.

Real in all that a platform must check: discovery, keys, authorization code with PKCE, an ID token signed by
RS256, userinfo. Whoever opens its page says who they are; nobody is asked for a password here. The scope
decides what is told: `profile` the name, `resident_id` the number, `phone` the telephone, all verified.

Keys and codes are random and tokens are dated by the clock: a second run is another issuer.
"""

import base64
import hashlib
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from threading import Lock
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from jwt.algorithms import RSAAlgorithm

from sandbox.inbox import FRAME
from sandbox.web import Answer, Refused, Request, Router

CLIENT_ID, CLIENT_SECRET = "platform", "sandbox-secret"  # noqa: S105 - everybody may know it
CODE_SECONDS, TOKEN_SECONDS = 60, 300
KID = "sandbox-1"
ASKED = ("client_id", "redirect_uri", "scope", "state", "nonce", "code_challenge")
FAULTS = ("down", "no_keys", "foreign_key", "no_id_token", "unsigned", "hmac")

_PAGE = """<h1>{code} <span lang="en">official account</span></h1>
<p>{client} 想知道您是谁。<span lang="en">{client} asks who you are.</span></p>
{people}
<form method="post" action="/issuers/{code}/authorize">
{hidden}
<p><label for="name">姓名 <span lang="en">Name</span></label>
<input id="name" name="name" autocomplete="off"></p>
<p><label for="resident_id">身份证号 <span lang="en">Resident ID</span></label>
<input id="resident_id" name="resident_id" autocomplete="off"></p>
<p><label for="phone">手机号 <span lang="en">Phone</span></label>
<input id="phone" name="phone" autocomplete="off"></p>
<button>同意 <span lang="en">Agree</span></button>
<button name="refuse" value="yes">取消 <span lang="en">Cancel</span></button>
</form>"""
_PERSON = """<form method="post" action="/issuers/{code}/authorize">
{hidden}
<input type="hidden" name="name" value="{name}">
<input type="hidden" name="resident_id" value="{resident_id}">
<input type="hidden" name="phone" value="{phone}">
<button>{username} {name}</button>
</form>"""


@dataclass(frozen=True)
class Person:
    name: str
    resident_id: str
    phone: str


@dataclass(frozen=True)
class Grant:
    """What an authorization code stands for."""

    issuer: str
    asked: dict[str, str]
    person: Person
    until: float


class OfficialAccounts:
    """`people` are those whom the page offers: {username, name, resident_id, phone}."""

    def __init__(self, people: Callable[[], list[dict[str, str]]]) -> None:
        self.people = people
        self.lock = Lock()
        self.keys: dict[str, RSAPrivateKey] = {}
        self.reset()

    def reset(self) -> None:
        self.codes: dict[str, Grant] = {}
        self.tokens: dict[str, Grant] = {}
        self.faults: set[str] = set()
        self.claims: dict[str, Any] = {}
        self.told: dict[str, Any] = {}

    def routes(self, router: Router, *, fixtures: bool) -> None:
        router.add("GET", "/issuers/<code>/.well-known/openid-configuration", self.discovery)
        router.add("GET", "/issuers/<code>/jwks", self.jwks)
        router.add("GET", "/issuers/<code>/authorize", self.page)
        router.add("POST", "/issuers/<code>/authorize", self.authorize)
        router.add("POST", "/issuers/<code>/token", self.token)
        router.add("GET", "/issuers/<code>/userinfo", self.userinfo)
        if fixtures:
            router.add("POST", "/issuers/fixtures", self.fix)

    def discovery(self, request: Request) -> Answer:
        self._not_down()
        issuer = _issuer(request)
        return Answer(
            {
                "issuer": issuer,
                "authorization_endpoint": f"{issuer}/authorize",
                "token_endpoint": f"{issuer}/token",
                "userinfo_endpoint": f"{issuer}/userinfo",
                "jwks_uri": f"{issuer}/jwks",
                "scopes_supported": ["openid", "profile", "phone", "resident_id"],
                "response_types_supported": ["code"],
                "grant_types_supported": ["authorization_code"],
                "subject_types_supported": ["pairwise"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "token_endpoint_auth_methods_supported": ["client_secret_post"],
                "code_challenge_methods_supported": ["S256"],
            }
        )

    def jwks(self, request: Request) -> Answer:
        self._not_down()
        if "no_keys" in self.faults:
            return Answer({"keys": []})
        public = RSAAlgorithm.to_jwk(self._key(KID).public_key(), as_dict=True)
        return Answer({"keys": [public | {"kid": KID, "use": "sig", "alg": "RS256"}]})

    def page(self, request: Request) -> Answer:
        asked = _asked({name: request.query(name) for name in (*ASKED, *_FIXED)})
        hidden = "\n".join(
            f'<input type="hidden" name="{name}" value="{escape(value)}">'
            for name, value in (asked | _FIXED).items()
        )
        code = escape(request.arguments["code"])
        people = "\n".join(
            _PERSON.format(code=code, hidden=hidden, **{name: escape(text) for name, text in one.items()})
            for one in self.people()
        )
        client = escape(urlsplit(asked["redirect_uri"]).netloc)
        content = _PAGE.format(code=code, client=client, people=people, hidden=hidden)
        return Answer(FRAME.format(title="登录 Sign in", content=content), content_type="text/html")

    def authorize(self, request: Request) -> Answer:
        form = _form(request)
        asked = _asked(form)
        if form.get("refuse"):
            return _back(asked, error="access_denied")
        person = Person(*(form.get(name, "").strip() for name in ("name", "resident_id", "phone")))
        if not person.resident_id and not person.phone:
            raise Refused(422, "bad_input", "Say who you are: a resident ID or a phone.", field="resident_id")
        code = secrets.token_urlsafe(24)
        with self.lock:
            self.codes[code] = Grant(_issuer(request), asked, person, time.time() + CODE_SECONDS)
        return _back(asked, code=code)

    def token(self, request: Request) -> Answer:
        self._not_down()
        form = _form(request)
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            raise Refused(401, "invalid_client", "Unknown client, or not its secret.")
        with self.lock:
            # Taken out: a code is good for one try.
            grant = self.codes.pop(form.get("code", ""), None)
        if (
            grant is None
            or grant.until < time.time()
            or grant.issuer != _issuer(request)
            or form.get("grant_type") != "authorization_code"
            or form.get("redirect_uri") != grant.asked["redirect_uri"]
            or _challenge(form.get("code_verifier", "")) != grant.asked["code_challenge"]
        ):
            raise Refused(400, "invalid_grant", "The code is not good, or is not for this request.")
        access = secrets.token_urlsafe(24)
        with self.lock:
            self.tokens[access] = grant
        answer = {"access_token": access, "token_type": "Bearer", "expires_in": TOKEN_SECONDS}
        if "no_id_token" not in self.faults:
            answer["id_token"] = self._id_token(grant)
        return Answer(answer)

    def userinfo(self, request: Request) -> Answer:
        self._not_down()
        grant = self.tokens.get(request.headers().get("authorization", "").removeprefix("Bearer "))
        if grant is None:
            raise Refused(401, "invalid_token", "No such token.")
        return Answer(_told(grant) | self.told)

    def fix(self, request: Request) -> Answer:
        """`faults` from here on, `claims` that ID tokens carry instead, and what userinfo tells instead."""
        fields = request.json()
        with self.lock:
            self.faults = set(fields.content.get("faults", [])) & set(FAULTS)
            self.claims = dict(fields.content.get("claims", {}))
            self.told = dict(fields.content.get("userinfo", {}))
        return Answer({"faults": sorted(self.faults), "claims": self.claims, "userinfo": self.told})

    def _id_token(self, grant: Grant) -> str:
        now = int(time.time())
        claims = {
            "iss": grant.issuer,
            "sub": _subject(grant),
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + TOKEN_SECONDS,
            "jti": secrets.token_urlsafe(12),
            "nonce": grant.asked["nonce"],
        } | self.claims
        if "unsigned" in self.faults:
            return jwt.encode(claims, "", algorithm="none", headers={"kid": KID})
        if "hmac" in self.faults:
            return jwt.encode(claims, CLIENT_SECRET * 3, algorithm="HS256", headers={"kid": KID})
        key = self._key("foreign" if "foreign_key" in self.faults else KID)
        return jwt.encode(claims, key, algorithm="RS256", headers={"kid": KID})

    def _key(self, kid: str) -> RSAPrivateKey:
        with self.lock:
            if kid not in self.keys:
                self.keys[kid] = generate_private_key(public_exponent=65537, key_size=2048)
            return self.keys[kid]

    def _not_down(self) -> None:
        if "down" in self.faults:
            raise Refused(503, "down", "This issuer is down.")


_FIXED = {"response_type": "code", "code_challenge_method": "S256"}


def _issuer(request: Request) -> str:
    """As the caller reached us: the same address in discovery, authorization and token."""
    environ = request.environ
    return f"{environ['wsgi.url_scheme']}://{environ['HTTP_HOST']}/issuers/{request.arguments['code']}"


def _form(request: Request) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(request.body().decode("utf-8", "replace")).items()}


def _asked(parameters: dict[str, str]) -> dict[str, str]:
    """What the platform asks for, judged as a careful issuer would."""
    if parameters.get("client_id") != CLIENT_ID:
        raise Refused(400, "unauthorized_client", "No such client.", field="client_id")
    target = urlsplit(parameters.get("redirect_uri", ""))
    if target.scheme != "http" or target.hostname not in ("127.0.0.1", "localhost") or target.query:
        raise Refused(400, "bad_redirect", "Only a platform on this machine.", field="redirect_uri")
    for name, wanted in _FIXED.items():
        if parameters.get(name) != wanted:
            raise Refused(400, "invalid_request", f"{name} must be {wanted}.", field=name)
    missing = [name for name in ASKED if not parameters.get(name)]
    if missing or "openid" not in parameters["scope"].split():
        raise Refused(400, "invalid_request", "Something is missing.", field=(missing or ["scope"])[0])
    return {name: parameters[name] for name in ASKED}


def _back(asked: dict[str, str], **answer: str) -> Answer:
    place = f"{asked['redirect_uri']}?{urlencode(answer | {'state': asked['state']})}"
    return Answer("", 302, "text/html", location=place)


def _challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _subject(grant: Grant) -> str:
    """The same for the same person at the same account, and nothing that could be read back."""
    known_by = grant.person.resident_id or grant.person.phone
    return hashlib.sha256(f"{grant.issuer}\x1f{known_by}".encode()).hexdigest()[:32]


def _told(grant: Grant) -> dict[str, Any]:
    scope, person = grant.asked["scope"].split(), grant.person
    claims: dict[str, Any] = {"sub": _subject(grant)}
    if "profile" in scope:
        claims |= {"name": person.name}
    if "resident_id" in scope and person.resident_id:
        claims |= {"resident_id": person.resident_id, "resident_id_verified": True}
    if "phone" in scope and person.phone:
        claims |= {"phone_number": f"+86{person.phone}", "phone_number_verified": True}
    return claims
