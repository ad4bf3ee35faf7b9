"""Everything of one run: its servers, processes and town, and the judge of what is left after a fault."""

from __future__ import annotations

import os
import random
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path

from django.core.management import call_command
from django.db import connection, connections

from accounts.models import ApiClient, Message
from accounts.operations.webhooks import set_webhook
from billing.books import check
from config.day import settle_messages
from faults import clock
from faults.acknowledged import Acknowledged
from faults.addresses import HOME
from faults.broker import Broker
from faults.cluster import Cluster, Ground
from faults.place import CHARGED_ON, TODAY, Place
from faults.programs import Program, wait_until
from faults.sizes import Size
from faults.tills import BANK_CLIENT_ID, Load, Till, Token
from tests.sandbox_process import SandboxProcess
from tools import ROOT
from tools.environment import REQUIREMENTS, digest

STAGE, BARE = "stage", "bare"
OWING = 12
A_TOWNS_NUMBERS = 1_000_000
SECONDS_TO_DRAIN = 60
WEBHOOK_SECRET = "whsec_" + "ZmF1" * 12  # noqa: S105 - of a city that lives for minutes
NUMBER_FROM = "SELECT setval(seqrelid::regclass, least(%s, seqmax / 2)) FROM pg_sequence"
CELERY = ("-m", "celery", "--quiet", "-A", "faults.celery")


def python(*arguments: str) -> list[str]:
    return [sys.executable, *arguments]


class Stage:
    """Servers and processes start when they are first needed. Used as a context, which takes all down."""

    def __init__(self, size: Size, seed: int) -> None:
        self.size, self.seed = size, seed
        self.home = Path(os.environ[HOME])
        self.ground = Ground(_made(self.home / "postgres"))
        self.cluster = Cluster(self.ground, "main", os.environ["DATABASE_URL"])
        self.broker = Broker()
        self.log = Acknowledged(STAGE)
        self.url = f"http://127.0.0.1:{os.environ['WEB_PORT']}"
        self.token = Token(self.url)
        sandbox_url = os.environ["SANDBOX_URL"]
        port = sandbox_url.rpartition(":")[2]
        sandbox = python("-m", "sandbox", "--port", port, "--fixtures", "--seed", str(seed))
        self.sandbox = SandboxProcess(sandbox_url)
        self.programs = {
            "sandbox": Program("sandbox", sandbox, health=f"{sandbox_url}/healthz"),
            "web": self.web("web", self.url),
            "worker": Program("worker", python(*CELERY, "worker", "--concurrency", "2", "--without-mingle")),
            "beat": self.beat("beat"),
        }
        self.others: list[Program] = []
        self.lots = random.Random(seed)
        self.towns = 0
        self.keep = False

    def web(self, name: str, url: str, *, env: dict[str, str] | None = None) -> Program:
        """The platform behind gunicorn."""
        gunicorn = ("-m", "gunicorn", "faults.wsgi", "--bind", url.removeprefix("http://"))
        # A connection that is closed while a client sends on it is a fault that we do not mean.
        how = (
            "--keep-alive",
            "75",
            "--worker-class",
            "gthread",
            "--workers",
            "2",
            "--threads",
            "8",
            "--preload",
        )
        return Program(name, python(*gunicorn, *how, "--no-control-socket"), env=env, health=f"{url}/healthz")

    def beat(self, name: str) -> Program:
        schedule = f"--schedule={self.home / name}"
        return Program(name, python(*CELERY, "beat", "--pidfile=", schedule))

    def __enter__(self) -> Stage:
        try:
            self._build()
        except BaseException:
            self.keep = True
            self.__exit__()
            raise
        return self

    def _build(self) -> None:
        self.cluster.create()
        self.cluster.start()
        self.cluster.empty(STAGE)
        clock.set_to(Place.at(TODAY))
        clock.install()
        self.broker.start()
        self.need("sandbox")
        self._make_tables()
        connection.close()
        self.cluster.copy(STAGE, BARE)
        self.place = Place(self.sandbox)
        self.place.open_doors()
        self.owing = self.place.people(OWING)
        for days, person in enumerate(self.owing):
            self.place.treat(person, CHARGED_ON + timedelta(days=days))
        settle_messages(at=clock.now())

    def _make_tables(self) -> None:
        """By the migrations, or as a run with the same migrations left them: they take long."""
        sources = [*ROOT.glob("*/migrations/*.py"), REQUIREMENTS]
        kept = self.home.parent / f"tables-{digest(sources, self.ground.programs.parent.name)[:16]}.sql"
        if kept.exists():
            self.cluster.load(STAGE, kept)
            return
        call_command("migrate", verbosity=0)
        connection.close()
        self.cluster.dump(STAGE, kept)

    def __exit__(self, *error: object) -> None:
        connection.close()
        for program in (*self.programs.values(), *self.others):
            program.kill()
        self.broker.stop()
        self.cluster.stop()
        if not self.keep and not any(error):
            self.ground.remove()
            shutil.rmtree(self.home, ignore_errors=True)

    def need(self, *names: str) -> None:
        """Starts those that do not run yet, side by side."""
        started = [self.programs[name].start() for name in names if self.programs[name].ended()]
        for program in started:
            if program.health:
                program.wait()

    def needs_all(self) -> None:
        self.need("sandbox", "web", "worker", "beat")

    def load(self, *, cashiers: int = 4, people: int = 4) -> Load:
        """Cashiers at work, for patients who have just enrolled: those of an earlier fault may owe by now."""
        self.needs_all()
        connection.close()
        patients = self.place.people(people)
        return Load(self.till, patients, cashiers=cashiers, seed=self.lots.randrange(10**6))

    def till(self, url: str = "") -> Till:
        """A desk of the hospital; `url` is a proxy's where one stands between."""
        return Till(url or self.url, self.token, self.log)

    def bank_client(self) -> ApiClient:
        return ApiClient.objects.get(name=BANK_CLIENT_ID)

    def listen(self) -> None:
        """The bank's system has a webhook at the sandbox, so that every charge brings a message."""
        client = self.bank_client()
        url = self.sandbox.set_webhook_secrets(client.name, WEBHOOK_SECRET)
        set_webhook(client=client, url=url, secret=WEBHOOK_SECRET, at=clock.now())

    def violations(self) -> list[str]:
        """What is wrong now: with acknowledged charges, and with every invariant of the books."""
        return [*self.log.violations(self.cluster.url), *self.broken_books()]

    def broken_books(self, at: datetime | None = None) -> list[str]:
        connection.close()
        if not self.programs["worker"].ended():
            _drain()
        found = [finding for finding in check(at=at or clock.now()) if finding.count]
        return [f"books {one.number}: {one.sentence}: {', '.join(one.broken[:5])}" for one in found]

    @contextmanager
    def elsewhere(self, name: str) -> Iterator[Place]:
        """Another town in a database of its own, for what is done by operations; dropped afterwards."""
        self.towns += 1
        self.cluster.copy(BARE, name)
        with pointed_at(name):
            number_from(self.towns * A_TOWNS_NUMBERS)
            yield Place(self.sandbox)
        self.cluster.drop(name)

    def today(self) -> date:
        return clock.now().astimezone(Place.at(TODAY).tzinfo).date()


@contextmanager
def pointed_at(database: str) -> Iterator[None]:
    """Django's connections of this process, new threads' too, go to another database of the server."""
    settings = connections.settings["default"]
    before = settings["NAME"]
    connection.close()
    settings["NAME"] = connection.settings_dict["NAME"] = database
    try:
        yield
    finally:
        connection.close()
        settings["NAME"] = connection.settings_dict["NAME"] = before


def number_from(first: int) -> None:
    """Every row of this town is numbered from there: the sandbox knows the references of all towns."""
    with connection.cursor() as cursor:
        cursor.execute(NUMBER_FROM, [first])


def _drain() -> None:
    """Gives the worker the time that invariant 13 gives it."""
    waiting = Message.objects.all()
    wait_until(
        "the outbox is empty",
        lambda: not waiting.waiting_too_long(clock.now()).exists(),
        SECONDS_TO_DRAIN,
    )


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
