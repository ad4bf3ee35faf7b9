"""Direct debit on and off, in as many taps one way as the other; and what it does on the due date."""

from __future__ import annotations

import pytest

from accounts.models import Notice
from billing.models import Collection, DirectDebit
from billing.operations.collections import collect_due, set_direct_debit
from tests.cast import Town
from tests.connections import Elsewhere, held_open
from tests.portal.conftest import SignIn, Travel
from tests.portal.days import DUE, TREATED
from tests.portal.reading import words

LIST, ORDER = "/en/me/direct-debit/", "/en/me/direct-debit/BANK1/"


@pytest.mark.article(23)
def test_it_is_turned_on_and_off_in_the_same_number_of_taps(
    town: Town, sign_in: SignIn, today_is: Travel
) -> None:
    lin = town.enrol()
    town.treat(lin, TREATED, 50_000)
    today_is(TREATED)
    browser = sign_in(lin)

    for turn, button, now in (
        ("on", "Turn direct debit on", "On since 9 Jan 2026."),
        ("off", "off", "You pay"),
    ):
        check = f"{ORDER}{turn}/"
        assert f'href="{check}"' in browser.get(LIST).content.decode(), "the first tap"
        page = words(browser.get(check))
        assert button in page and "¥500.00" in page and "24 Feb 2026" in page
        done = browser.post(check)  # the second
        assert done.headers["Location"] == ORDER
        assert now in words(browser.get(ORDER))
    assert [
        *Notice.objects.filter(kind__startswith="direct_debit").order_by("pk").values_list("kind", flat=True)
    ] == [
        "direct_debit.started",
        "direct_debit.ended",
    ]


@pytest.mark.article(27)
def test_the_page_says_what_the_due_date_brings_and_it_brings_that(
    town: Town, sign_in: SignIn, today_is: Travel
) -> None:
    lin = town.enrol()
    town.treat(lin, TREATED, 50_000)
    today_is(TREATED)
    browser = sign_in(lin)
    browser.post(f"{ORDER}on/")
    assert "On 24 Feb 2026 it collects ¥500.00, unless you pay before." in words(browser.get(LIST))

    collect_due(on=DUE, at=town.at(DUE, 8))

    [collection] = Collection.objects.all()
    assert (collection.kind, collection.amount_fen) == ("direct_debit", 50_000)


def test_pressed_twice_it_is_turned_on_once(town: Town, sign_in: SignIn, today_is: Travel) -> None:
    lin = town.enrol()
    today_is(TREATED)
    browser = sign_in(lin)
    for _twice in range(2):
        assert browser.post(f"{ORDER}on/").headers["Location"] == ORDER

    assert DirectDebit.objects.count() == 1
    assert Notice.objects.filter(kind="direct_debit.started").count() == 1


def test_only_with_a_lender_of_ones_own(town: Town, sign_in: SignIn, today_is: Travel) -> None:
    town.found_bank("BANK2")
    lin, stranger = town.enrol(), town.move_in("周一凡")
    today_is(TREATED)

    for place in ("BANK2/on/", "NONE/on/", "BANK1/sideways/"):
        assert sign_in(lin).post(f"{LIST}{place}").status_code == 404, place
    assert sign_in(stranger).get(f"{ORDER}on/").status_code == 404
    assert "No lender has agreed yet" in words(sign_in(stranger).get(LIST))
    assert not DirectDebit.objects.exists()


def test_once_it_is_off_nothing_is_collected_however_far_the_sweep_is(real_town: Town) -> None:
    lin = real_town.enrol()
    real_town.treat(lin, TREATED, 50_000)
    at = real_town.at(DUE, 8)
    set_direct_debit(payer=lin, lender=real_town.bank, on=True, at=real_town.at(TREATED))

    with held_open(lambda: set_direct_debit(payer=lin, lender=real_town.bank, on=False, at=at)) as commit:
        sweep = Elsewhere(lambda: collect_due(on=DUE, at=at))
        commit()

    assert sweep.join() == 0
    assert not Collection.objects.exists()
