"""The README's pictures, taken of the running product: `make pictures`.

A demo city is founded in a database of its own and served, and its people's screens are photographed into
docs/pictures/. `python -m tools.pictures URL` photographs a demo city that already runs there.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from tools import ROOT, VAR, run, services
from tools.browser import find_chromium

PLACE = ROOT / "docs" / "pictures"
PASSWORD = "demo-demo-demo"  # noqa: S105 - the demo sign-ins'
PHONE, DESK = (360, 740), (1120, 700)
COLOURS = 96
SECONDS_TO_START = 60


def newest_release(page: Page) -> None:
    page.locator("main a[href*='/gov/2']").first.click()


def a_bill(page: Page) -> None:
    page.locator("main .card-head a").first.click()


def check_strip(page: Page) -> None:
    """The patient is somebody who can still be charged."""
    page.fill("#id_patient", chargeable())
    page.press("#id_patient", "Enter")
    page.fill("#id_self_paid_fen", "86.50")
    page.press("#id_self_paid_fen", "Enter")
    page.wait_for_selector(".check-strip")


def chargeable() -> str:
    """The credit code with the most credit left, from the database that is photographed."""
    with services.cursor(os.environ["DATABASE_URL"]) as database:
        database.execute(
            "SELECT credit_code FROM accounts_person person"
            " JOIN credit_creditaccount account ON account.person_id = person.id"
            " WHERE account.state = 'active' ORDER BY limit_fen - outstanding_fen DESC, person.id LIMIT 1"
        )
        found = database.fetchone()
    if found is None:
        sys.exit("nobody here can be charged: this is no demo city")
    return str(found[0])


@dataclass(frozen=True)
class Picture:
    name: str
    address: str
    who: str = ""
    size: tuple[int, int] = PHONE
    look: tuple[str, str] = ("theme", "light")
    act: Callable[[Page], None] = lambda page: None


PICTURES = (
    Picture("home", "/me/", "citizen"),
    Picture("home-en", "/en/me/", "parent"),
    Picture("bill", "/me/bills/", "citizen", act=a_bill),
    Picture("enrol", "/enrol/check/?from=wechat"),
    Picture("elder", "/me/", "citizen", look=("elder", "large")),
    Picture("dark", "/me/repay/", "parent", look=("theme", "dark")),
    Picture("desk", "/desk/", "cashier", size=DESK, act=check_strip),
    Picture("gov", "/gov/", "regulator", size=DESK, act=newest_release),
)


def take(url: str, picture: Picture, browser: Browser) -> None:
    width, height = picture.size
    context = browser.new_context(
        viewport={"width": width, "height": height},
        device_scale_factor=2 if picture.size == PHONE else 1.5,
        color_scheme="light",
        reduced_motion="reduce",
    )
    page = context.new_page()
    if picture.who:
        page.goto(f"{url}/sign-in/")
        page.fill("#id_username", picture.who)
        page.fill("#id_password", PASSWORD)
        page.locator("main form:has(#id_password) button[type=submit]").click()
        page.wait_for_url(lambda address: "/sign-in/" not in address)
    name, value = picture.look
    context.add_cookies([{"name": name, "value": value, "url": url}])
    page.goto(url + picture.address)
    picture.act(page)
    page.wait_for_load_state("networkidle")
    file = PLACE / f"{picture.name}.png"
    page.screenshot(path=file)
    Image.open(file).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(file, optimize=True)
    context.close()


def take_all(url: str) -> None:
    with sync_playwright() as playwright:
        sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=sandbox)
        for picture in PICTURES:
            run.step(f"{picture.name}.png")
            take(url, picture, browser)
        browser.close()


@contextmanager
def served() -> Iterator[str]:
    """A new demo city in the database that the environment names, served on a free port."""
    port = services.choose_port(None)
    env = run.environment({name: os.environ[name] for name in ("DATABASE_URL", "REDIS_URL")})
    run.step("the demo city")
    run.manage(env, "migrate", "--no-input", "-v", "0")
    run.manage(env, "found_city")
    server = subprocess.Popen(run.web(port), cwd=ROOT, env=env)
    try:
        wait(port, server)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=30)


def wait(port: int, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < until and server.poll() is None:
        try:
            HTTPConnection("127.0.0.1", port, timeout=30).request("GET", "/sign-in/")
            return
        except OSError:
            time.sleep(0.2)
    sys.exit("the web server does not answer")


def main(arguments: list[str]) -> int:
    VAR.mkdir(exist_ok=True)
    PLACE.mkdir(exist_ok=True)
    match arguments:
        case []:
            return services.run([sys.executable, "-m", "tools.pictures", "--here"], fresh=True)
        case ["--here"]:
            with served() as url:
                take_all(url)
        case [url]:
            take_all(url.rstrip("/"))
        case _:
            sys.exit(__doc__)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
