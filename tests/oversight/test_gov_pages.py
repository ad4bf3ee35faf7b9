"""Who may read a release, what stands on its pages, and that table, chart and files say the same."""

import csv
import gzip
import io
import re
import zipfile
from datetime import date
from itertools import product
from pathlib import Path
from xml.etree import ElementTree

import pytest
from django.conf import settings
from django.test import Client

from accounts.models import User
from oversight.figures import FIGURES
from tests.cast import Town
from tests.oversight.conftest import FRIDAY, QUARTER_END, close

BUILT = Path(settings.BASE_DIR) / "static" / "build"
Q1 = "/gov/2026q1/"
ADDRESSES = ["/gov/", Q1, f"{Q1}bills.svg", f"{Q1}bills.csv", f"{Q1}bills.xlsx"]
OTHERS = [role for role in User.Role.values if role not in {"regulator", "operator"}]
HEAVIEST = 200_000


def text(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, address
    return response.content.decode("utf-8-sig")


# Access


@pytest.mark.parametrize("address", ADDRESSES)
def test_strangers_are_asked_to_sign_in(db: None, address: str):
    for prefix in ("", "/en"):
        assert Client().get(prefix + address)["Location"] == f"{prefix}/sign-in/?next={prefix}{address}"


def test_regulators_and_the_operator_read_everything_and_nobody_else_does(first_quarter: Town):
    for role in User.Role.values:
        client = Client()
        client.force_login(User.objects.create_user(username=role, role=role))
        for address in ADDRESSES:
            assert client.get(address).status_code == (403 if role in OTHERS else 200), (role, address)
            assert client.post(address).status_code == 405


def test_who_may_not_read_is_told_so_in_words(db: None, client: Client):
    client.force_login(User.objects.create_user(username="lender", role="lender"))
    assert "You may not see this page" in client.get("/en/gov/").content.decode()


# Which quarters there are


MISSING = [
    "/gov/2025q4/",
    "/gov/2026q2/",
    "/gov/2026q5/",
    "/gov/2026q0/",
    "/gov/0000q1/",
    "/gov/26q1/",
    "/gov/2026Q1/",
    "/gov/2025q4/bills.svg",
    "/gov/2025q4/bills.csv",
    "/gov/2026q1/nothing.svg",
    "/gov/2026q1/nothing.csv",
    "/gov/2026q1/nothing.xlsx",
    "/gov/2026q1/bills.svg?size=huge",
    "/gov/2026q1/bills.pdf",
]


def test_there_is_no_page_for_a_quarter_or_a_figure_that_does_not_exist(first_quarter: Town, reader: Client):
    assert {address: reader.get(address).status_code for address in MISSING} == dict.fromkeys(MISSING, 404)


def test_before_the_first_closed_date_there_is_no_release_and_the_list_says_why(town: Town, reader: Client):
    assert "The first one appears when the first business date has been closed." in text(reader, "/en/gov/")
    assert reader.get(Q1).status_code == 404


def test_the_list_has_the_newest_quarter_first_and_says_which_is_final(first_quarter: Town, reader: Client):
    close(first_quarter, date(2026, 4, 3))
    page = text(reader, "/en/gov/")
    assert page.index("/en/gov/2026q2/") < page.index("/en/gov/2026q1/")
    assert "Still running; figures up to 3 Apr 2026." in page
    assert "1 Jan 2026 to 31 Mar 2026. Released 1 Apr 2026." in page


def test_a_quarter_still_running_says_so_and_how_far_it_goes(town: Town, reader: Client):
    town.treat(town.enrol(), FRIDAY)
    close(town, FRIDAY)
    page = text(reader, f"/en{Q1}")
    assert "provisional, up to 9 Jan 2026" in page
    assert "The quarter runs from 1 Jan 2026 to 31 Mar 2026." in page
    assert "provisional, up to 9 Jan 2026" in text(reader, f"/en{Q1}bills.svg?size=sheet")
    assert reader.get(Q1 + "bills.svg")["Cache-Control"] == "private, no-cache"


def test_a_closed_quarter_says_when_it_was_released_and_may_be_kept(first_quarter: Town, reader: Client):
    page = text(reader, f"/en{Q1}")
    assert "provisional" not in page.split('id="method"')[0]
    assert "Released 1 Apr 2026, 00:30" in page
    assert reader.get(Q1 + "bills.svg")["Cache-Control"] == "private, max-age=3600"


# What stands there


def test_five_findings_are_sentences_with_the_figures_of_the_tables(first_quarter: Town, reader: Client):
    page = text(reader, f"/en{Q1}")
    found = re.search(r'class="findings".*?<ol>(.*?)</ol>', page, re.DOTALL)
    assert found
    assert re.findall(r"<li>(.*?)</li>", found[1]) == [
        "20 bills were charged to credit, for ¥2,000.00 in all.",
        "15 bills fell due; 5 of them (33.3%) were repaid on time, and 10 were not.",
        "No bill needed a reminder.",
        "Of 2 payments due to hospitals, lenders made 2 (100.0%) on the next bank working day and 0 later;"
        " 0 were still to come.",
        "20 credit accounts were open on 31 Mar 2026, with ¥1,000.00 outstanding.",
    ]


def test_every_figure_has_its_chart_table_files_and_method(first_quarter: Town, reader: Client):
    page = text(reader, f"/en{Q1}")
    for name in FIGURES:
        for address in (f"{name}.svg", f"{name}.svg?size=phone", f"{name}.csv", f"{name}.xlsx"):
            assert f'"/en{Q1}{address}"' in page
        assert f'href="#method-{name}"' in page
        assert f'id="method-{name}"' in page
    marks = re.findall(r'\sid="([^"]+)"', page)
    assert len(marks) == len(set(marks))
    assert page.count("<table") == page.count("<figure") == len(FIGURES)


def test_the_page_is_in_the_readers_language(first_quarter: Town, reader: Client):
    assert '<html lang="en">' in text(reader, f"/en{Q1}")
    assert '<html lang="zh-Hans">' in text(reader, Q1)
    assert "2026年3月" in text(reader, Q1 + "bills.csv")
    assert "March 2026" in text(reader, f"/en{Q1}bills.csv")
    assert ">3月<" in text(reader, Q1 + "bills.svg")
    assert ">Mar<" in text(reader, f"/en{Q1}bills.svg")


def test_table_and_csv_hold_the_same_cells(first_quarter: Town, reader: Client):
    page = text(reader, f"/en{Q1}")
    for name in FIGURES:
        compare(page, text(reader, f"/en{Q1}{name}.csv"), name)


def compare(page: str, file: str, name: str) -> None:
    figure = page[page.index(f'id="{name}"') :]
    table = figure[figure.index("<tbody>") : figure.index("</tbody>")]
    shown = [
        [re.sub(r"[¥,%]", "", cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)]
        for row in re.findall(r"<tr[^>]*>(.*?)</tr>", table, re.DOTALL)
    ]
    told = list(csv.reader(io.StringIO(file)))[1:]
    assert [row[0] for row in shown] == [row[0] for row in told]
    for shown_row, told_row in zip(shown, told, strict=True):
        for cell, plain in zip(shown_row[1:], told_row[1:], strict=True):
            if cell == "–":
                assert plain == ""
            elif cell in {"&lt;5", "*"}:
                assert plain == cell.replace("&lt;", "<")
            else:
                assert abs(float(cell) - float(plain)) < 0.06  # shares have one decimal on the page


def test_charts_are_svg_that_name_their_font_and_carry_no_script(first_quarter: Town, reader: Client):
    for name, size in product(FIGURES, ["page", "phone", "sheet"]):
        examine(reader, name, size)


def examine(reader: Client, name: str, size: str) -> None:
    response = reader.get(f"{Q1}{name}.svg?size={size}")
    assert response["Content-Type"] == "image/svg+xml"
    drawing = response.content.decode()
    root = ElementTree.fromstring(drawing)  # noqa: S314 - our own
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert root[0].text  # what a reader hears
    assert 'font-family="Noto Sans CJK SC, ' in drawing
    assert not re.search(r"<script|<style|\sstyle=|href=\"http|\son\w+=", drawing)
    width = float(root.attrib["width"])
    assert abs(width - (296 if size == "phone" else 880)) <= 12


def test_charts_show_the_numbers_of_the_table(first_quarter: Town, reader: Client):
    drawing = text(reader, f"/en{Q1}bills.svg")
    assert ">15</text>" in drawing
    assert ">5</text>" in drawing
    assert "¥1,000" in text(reader, f"/en{Q1}amounts.svg")


def test_a_workbook_holds_the_table_and_no_formula(first_quarter: Town, reader: Client):
    response = reader.get(f"/en{Q1}bills.xlsx")
    assert response["Content-Disposition"] == 'attachment; filename="2026q1-bills-en.xlsx"'
    with zipfile.ZipFile(io.BytesIO(response.content)) as book:
        words = book.read("xl/sharedStrings.xml").decode()
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "January 2026" in words
    assert "<v>15</v>" in sheet
    assert "<f>" not in sheet


# What it costs


def test_a_page_asks_a_query_a_figure_and_three_more(
    first_quarter: Town, reader: Client, django_assert_num_queries
):
    reader.get("/gov/")  # with its first use a sign-in is dated
    around = 3  # session, user, last closed date
    with django_assert_num_queries(around + len(FIGURES)):
        reader.get(Q1)
    with django_assert_num_queries(around):  # the quarter is closed, so its figures are kept
        reader.get("/en" + Q1)
    with django_assert_num_queries(around):
        reader.get(Q1 + "bills.svg")
    with django_assert_num_queries(2 + 2):
        reader.get("/gov/")


def test_a_release_weighs_at_most_200_kilobytes(first_quarter: Town, reader: Client):
    files = [(BUILT / name).read_bytes() for name in ("app.css", "app.js", "favicon.svg")]
    charts = [reader.get(f"{Q1}{name}.svg").content for name in FIGURES]
    weight = sum(len(gzip.compress(part)) for part in [reader.get(Q1).content, *files, *charts])
    assert weight <= HEAVIEST


def test_no_person_is_named_or_numbered(first_quarter: Town, reader: Client):
    pages = [text(reader, Q1), *(text(reader, f"{Q1}{name}.csv") for name in FIGURES)]
    for page in pages:
        assert "林志明" not in page
        assert not re.search(r"\b[VBRSPC]2026\d{4}-", page)
        assert not re.search(r"\b\d{17}[\dX]\b", page)


def test_a_town_without_anything_to_show_has_a_release_all_the_same(town: Town, reader: Client):
    town.treat(town.enrol(), FRIDAY)
    close(town, QUARTER_END)
    page = text(reader, f"/en{Q1}")
    assert "Too few bills were charged to credit for their number to be told." in page
    assert "Too few bills fell due for their repayment to be told." in page
    assert "Too few credit accounts were open for their number to be told." in page
    for name in FIGURES:
        ElementTree.fromstring(text(reader, f"/en{Q1}{name}.svg"))  # noqa: S314 - our own
