"""Where the small city stands: a database beside that of the test run, kept for as long as the run lasts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import date

import psycopg2
import time_machine
from django.core.cache import cache
from django.db import connection, connections
from django.test import Client, override_settings
from psycopg2 import sql
from pytest_django.plugin import DjangoDbBlocker

from accounts.models import Message, User
from billing.models import Bill
from city.identities import phone, resident_id
from config.settings.sign_in import sandbox_accounts
from credit.models import CreditAccount
from tests.cast import Town
from tests.sandbox_process import SandboxProcess
from tests.site.crawl import Walk, Walker
from tests.site.town import PASSWORD, TODAY, found

# Whom somebody may be, add as a child, and offer to pay for.
NEWCOMER = resident_id(date(1990, 1, 1), 777)
CHILD, ELDER = resident_id(date(2018, 1, 1), 778), resident_id(date(1948, 1, 1), 779)
FIRST_HOSPITAL = "XM001"
# Integrators are told of theirs by docs/api.md.
STARTS = ("/", "/start/", "/healthz")
STARTS_OF_STRANGERS = (*STARTS, "/api/docs/")


class City:
    """Made of the empty tables of the test run, and lived in, the first time that somebody enters it."""

    def __init__(self, blocker: DjangoDbBlocker, sandbox: SandboxProcess) -> None:
        self.blocker, self.sandbox = blocker, sandbox
        self.tables = str(connection.settings_dict["NAME"])
        self.name = f"{self.tables}_site"
        self.is_there = False

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Eleven o'clock of the city's last day, on its own database, with its counterparts beside it."""
        url = self.sandbox.url
        parts = {"SCORE_OPERATOR_URL": "score", "IDENTITY_URL": "identity", "SMS_URL": "sms"}
        places = {name: f"{url}/{part}" for name, part in parts.items()}
        with ExitStack() as stack:
            stack.enter_context(self.blocker.unblock())
            places |= {"SANDBOX_URL": url, "SCENES_URL": f"{url}/scenes"}
            stack.enter_context(override_settings(OFFICIAL_ACCOUNTS=sandbox_accounts(url), **places))
            stack.enter_context(time_machine.travel(Town.at(TODAY, 11)))
            stack.enter_context(self._database())
            cache.clear()
            stack.callback(cache.clear)
            yield

    @contextmanager
    def _database(self) -> Iterator[None]:
        is_new, self.is_there = not self.is_there, True
        connections.close_all()  # a database with somebody in it cannot be copied
        if is_new:
            self._server("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name)
            # A browser test before may have left a server's thread connected.
            self._server(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", of=self.tables
            )
            self._server("CREATE DATABASE {} TEMPLATE {}", self.name, self.tables)
        connection.settings_dict["NAME"] = self.name
        try:
            if is_new:
                self.sandbox.reset()
                found(self.sandbox)
            self.sandbox.set_score(NEWCOMER, 705)
            yield
        finally:
            connections.close_all()
            connection.settings_dict["NAME"] = self.tables

    def leave(self) -> None:
        if self.is_there:
            self._server("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name)

    def _server(self, statement: str, *names: str, of: str = "") -> None:
        """A statement about whole databases, from the server's own."""
        keys = connection.get_connection_params()
        keys = {name: keys[name] for name in ("user", "password", "host", "port") if keys.get(name)}
        server = psycopg2.connect(dbname="postgres", **keys)
        server.autocommit = True
        with server.cursor() as cursor:
            cursor.execute(sql.SQL(statement).format(*map(sql.Identifier, names)), [of] if of else None)
        server.close()

    # Walking

    def walk(self, actor: str) -> Walk:
        """Everything that one of its people can reach."""
        with self.entered():
            walker = Walker(actor, client_of(actor), answers=self._answers(), code=self._newest_code)
            return walker.walk(*(STARTS_OF_STRANGERS if actor == "anonymous" else STARTS))

    def _answers(self) -> dict[str, list[str]]:
        """What people type where a form asks for it by name."""
        lin = CreditAccount.objects.select_related("person").earliest("pk").person
        here = Bill.objects.filter(hospital__code=FIRST_HOSPITAL).order_by("-pk")
        return {
            "name": ["赵春来", "赵小二", "赵老伯"],
            "resident_id": [NEWCOMER, CHILD, ELDER],
            "phone": [phone(777)],
            "username": ["citizen"],
            "password": [PASSWORD],
            "patient": [lin.credit_code],
            "insured": ["missing", "settled"],
            "pooled_fund_fen": ["", "1.00"],
            "number": [bill.number for bill in (here[0], *here.filter(payer=lin)[1:3])],
        }

    def _newest_code(self) -> str:
        """The one-time code on whichever telephone is sent one last."""
        newest = Message.objects.exclude(text_sealed="").order_by("pk").last()
        found = re.search(r"\b\d{6}\b", newest.opened()[1]) if newest else None
        return found[0] if found else "000000"


def client_of(actor: str) -> Client:
    client = Client()
    if actor != "anonymous":
        client.force_login(User.objects.get(username=actor), "django.contrib.auth.backends.ModelBackend")
    return client
