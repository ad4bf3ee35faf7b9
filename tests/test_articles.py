"""Every article of the regulation is enforced and shown, or it is said why not."""

from pathlib import Path

from common.articles import ARTICLES, ENFORCERS, NOT_ENFORCEABLE, NOT_YET
from config import article_report

PAGE = Path(__file__).resolve().parent.parent / "docs" / "articles.md"


def test_every_article_has_an_enforcer_and_a_test_or_its_reason():
    article_report.load_everything()
    shown = article_report.tests_by_article()
    open_articles = [
        number
        for number in ARTICLES
        if not (ENFORCERS.get(number) and shown[number]) and number not in NOT_ENFORCEABLE | NOT_YET
    ]
    assert open_articles == []


def test_no_article_is_both_enforced_and_called_unenforceable():
    article_report.load_everything()
    assert [number for number in NOT_ENFORCEABLE if ENFORCERS.get(number)] == []


def test_the_page_of_articles_is_up_to_date():
    assert PAGE.read_text(encoding="utf-8") == article_report.report()
