"""A Redis of our own, to be emptied, stopped and hung."""

import os
import shutil
import signal
from pathlib import Path
from urllib.parse import urlsplit

import redis

from faults.addresses import HOME
from faults.programs import Program, wait_until
from tools import broker


class Broker:
    def __init__(self) -> None:
        self.url = os.environ["REDIS_URL"]
        parts = urlsplit(self.url)
        configuration = Path(os.environ[HOME]) / "redis.conf"
        configuration.touch(mode=0o600)
        configuration.write_text(
            broker.CONFIGURATION.format(port=parts.port, password=parts.password, home=os.environ[HOME])
        )
        found = shutil.which("redis-server") or str(broker.program())
        self.program = Program("redis", [found, str(configuration)])

    def start(self) -> None:
        self.program.start()
        wait_until("Redis answers", lambda: broker.answers(self.url))

    def flush(self) -> int:
        """Empties it; how many keys were lost."""
        with redis.Redis.from_url(self.url, socket_timeout=5) as client:
            keys = int(client.dbsize())
            client.flushall()
        return keys

    def hang(self) -> None:
        """It takes connections and answers nothing."""
        os.kill(self.program.pid, signal.SIGSTOP)

    def wake(self) -> None:
        os.kill(self.program.pid, signal.SIGCONT)

    def kill(self) -> None:
        self.program.kill()

    def stop(self) -> None:
        if not self.program.ended():
            self.wake()
            self.kill()
