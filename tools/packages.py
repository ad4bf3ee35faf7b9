"""Debian's own packages, installed where we may."""

import os
import shutil
import subprocess


def may_install() -> bool:
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def install(*names: str) -> bool:
    """Whether they could be installed."""
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    quietly = ("install", "-qqy", "--no-install-recommends", *names)
    return all(
        subprocess.run(["apt-get", *arguments], env=env, stdout=subprocess.DEVNULL, check=False).returncode
        == 0
        for arguments in (("update", "-qq"), quietly)
    )
