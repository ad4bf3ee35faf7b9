"""`python -m sandbox --port 8001`: the counterparts, until SIGTERM. `python -m sandbox conformance`: the
conformance run for hospitals' systems, with --help.
"""

import argparse
import logging
import os
import sys
from pathlib import Path
from threading import Event, Thread
from typing import Any

from gunicorn.app.base import BaseApplication

from sandbox.app import Sandbox
from sandbox.conformance import command
from sandbox.credentials import Credentials
from sandbox.robots import supervise


class Server(BaseApplication):
    """One worker, because what was told is kept in its memory."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        super().__init__()

    def load_config(self) -> None:
        settings: dict[str, Any] = {
            "bind": f"{self.options.host}:{self.options.port}",
            "workers": 1,
            "worker_class": "gthread",
            "threads": self.options.threads,
            "keepalive": 75,
            # Its memory must outlive a machine that is too busy to answer the master.
            "timeout": 0,
            "graceful_timeout": 2,
            "loglevel": "warning",
            "control_socket_disable": True,
            "proc_name": "sandbox",
        }
        for name, value in settings.items():
            self.cfg.set(name, value)

    def load(self) -> Sandbox:
        path = os.environ.get("SANDBOX_CREDENTIALS_FILE")
        credentials = Credentials(Path(path) if path else None)
        if path:
            Thread(
                target=supervise,
                args=(credentials,),
                kwargs={
                    # All robots and the platform are on this machine, whatever the address we listen on.
                    "own_url": f"http://127.0.0.1:{self.options.port}",
                    "seed": self.options.seed,
                    "stop": Event(),
                },
                daemon=True,
            ).start()
        return Sandbox(seed=self.options.seed, credentials=credentials, fixtures=self.options.fixtures)


def main() -> None:
    if sys.argv[1:2] == ["conformance"]:
        logging.basicConfig(level=logging.WARNING)
        sys.exit(command.main(sys.argv[2:]))
    parser = argparse.ArgumentParser(prog="sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8001)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=16)
    parser.add_argument("--fixtures", action="store_true", help="let tests choose what happens")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    Server(options).run()


if __name__ == "__main__":
    main()
