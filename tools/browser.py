"""The Chromium that the browser tests drive: the system's own, with a Chinese font beside it."""

import os
import shutil
import subprocess
import sys

from tools.packages import install, may_install

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ON_MACOS = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
FONT = "fonts-noto-cjk"
PACKAGES = ("chromium", FONT)


def find_chromium() -> str | None:
    """Where the browser is; CHROMIUM says so first."""
    if chosen := os.environ.get("CHROMIUM"):
        return chosen
    found = (shutil.which(name) for name in NAMES)
    return next((path for path in (*found, *ON_MACOS) if path and os.path.exists(path)), None)


def has_chinese_font() -> bool:
    """Without one the pages' text is boxes. macOS has its own."""
    if sys.platform == "darwin":
        return True
    lister = shutil.which("fc-list")
    return bool(lister and subprocess.run([lister, ":lang=zh"], capture_output=True, check=False).stdout)


def main() -> None:
    """Installs what is missing where we may, and says what to install where we may not."""
    if find_chromium() and has_chinese_font():
        return
    if not may_install():
        sys.exit(
            "the browser tests need Chromium and a Chinese font.\n"
            f"Debian: sudo apt-get install {' '.join(PACKAGES)}\n"
            "Elsewhere: install Chromium, or set CHROMIUM to where it is"
        )
    print("· installing Chromium and a Chinese font", flush=True)
    if not install(*PACKAGES):
        sys.exit(f"could not install {' '.join(PACKAGES)}")


if __name__ == "__main__":
    main()
