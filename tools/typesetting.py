"""What statements are set with as PDF: Debian's Pango, and a Chinese face for it.

Without them the platform runs as well, and its pages say: print this page instead.
"""

from ctypes import CDLL

from tools.browser import FONT, has_chinese_font
from tools.packages import install, may_install

# The library and the package that it comes in.
LIBRARIES = {
    "libpango-1.0.so.0": "libpango-1.0-0",
    "libpangoft2-1.0.so.0": "libpangoft2-1.0-0",
    "libharfbuzz-subset.so.0": "libharfbuzz-subset0",
}


def is_there(library: str) -> bool:
    try:
        CDLL(library)
    except OSError:
        return False
    return True


def main() -> None:
    """Installs what is missing where we may; elsewhere nothing is said, for nothing is broken."""
    missing = [package for library, package in LIBRARIES.items() if not is_there(library)]
    if not has_chinese_font():
        missing += [FONT, "fontconfig"]
    if missing and may_install():
        print("· installing Pango and a Chinese font, for statements as PDF", flush=True)
        if not install(*missing):
            print("· that did not work: statements can be printed from the browser", flush=True)


if __name__ == "__main__":
    main()
