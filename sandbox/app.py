"""All counterparts as one WSGI application."""

from typing import Any

from sandbox.city import IdentityRegister, Scenes
from sandbox.credentials import Credentials
from sandbox.inbox import Inbox
from sandbox.insurer import Insurer
from sandbox.official_accounts import OfficialAccounts
from sandbox.score import ScoreOperator
from sandbox.sms import Gateway
from sandbox.web import Answer, Request, Router
from sandbox.webhooks import Receivers


class Sandbox(Router):
    """`fixtures` adds the addresses by which a test chooses what happens."""

    def __init__(self, *, seed: int, credentials: Credentials, fixtures: bool) -> None:
        super().__init__()
        self.score = ScoreOperator(seed)
        self.gateway = Gateway(seed)
        self.scenes = Scenes()
        self.register = IdentityRegister()
        self.insurer = Insurer(seed)
        self.receivers = Receivers(credentials.webhook_secrets)
        self.official_accounts = OfficialAccounts(credentials.people)
        self.score.routes(self, fixtures=fixtures)
        self.gateway.routes(self, fixtures=fixtures)
        self.scenes.routes(self)
        self.register.routes(self, fixtures=fixtures)
        self.insurer.routes(self)
        self.receivers.routes(self, fixtures=fixtures)
        self.official_accounts.routes(self, fixtures=fixtures)
        Inbox(self.gateway).routes(self)
        self.add("GET", "/healthz", lambda request: Answer({"ok": True, "seed": seed}))
        if fixtures:
            self.add("POST", "/fixtures/reset", self.reset)

    def reset(self, request: Request) -> Answer:
        """Forgets all that was told and chosen."""
        forgetful: list[Any] = [
            self.score,
            self.gateway,
            self.scenes,
            self.register,
            self.insurer,
            self.receivers,
            self.official_accounts,
        ]
        for part in forgetful:
            part.reset()
        return Answer({"reset": True})
