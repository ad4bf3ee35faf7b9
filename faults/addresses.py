"""Where a run has its files and servers: decided before Django reads its settings, inherited by children."""

import os
import secrets
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack

from tools import ROOT, VAR

# A session with its own processes uses this variable to tell its children where they are.
HOME = "FAULTS_HOME"


def free_ports() -> Iterator[int]:
    """Ports that are free now, all different."""
    with ExitStack() as held:
        while True:
            probe = held.enter_context(socket.socket())
            probe.bind(("127.0.0.1", 0))
            yield int(probe.getsockname()[1])


def choose() -> dict[str, str]:
    """The environment of a new run, or nothing where we are part of one already."""
    if HOME in os.environ:
        return {}
    home = VAR / "faults" / f"run-{os.getpid()}"
    home.mkdir(parents=True, exist_ok=True)
    (home / "logs").mkdir(exist_ok=True)
    ports = free_ports()
    database, broker, web, sandbox = (next(ports) for _name in range(4))
    ports.close()  # type: ignore[attr-defined]
    password = secrets.token_hex(16)
    return {
        HOME: str(home),
        "DATABASE_URL": f"postgres://postgres:{password}@127.0.0.1:{database}/stage",
        "REDIS_URL": f"redis://:{password}@127.0.0.1:{broker}/0",
        "WEB_PORT": str(web),
        "SANDBOX_URL": f"http://127.0.0.1:{sandbox}",
        "DJANGO_SETTINGS_MODULE": "faults.settings",
        "PYTHONPATH": str(ROOT),
        "PATH": f"{os.path.dirname(sys.executable)}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
    }
