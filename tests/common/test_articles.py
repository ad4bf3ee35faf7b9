import pytest

from common.articles import ARTICLES, ENFORCERS, NOT_ENFORCEABLE, NOT_YET, enforces


def test_the_regulation_has_thirty_seven_articles_with_titles_in_both_languages() -> None:
    assert list(ARTICLES) == list(range(1, 38))
    assert all(article.title_zh and article.title_en.isascii() for article in ARTICLES.values())
    assert ARTICLES[24].title_zh == "授信额度"


def test_an_enforcer_is_registered_once_and_returned_unchanged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ENFORCERS, 24, [])
    monkeypatch.setitem(ENFORCERS, 23, [])

    def charge() -> str:
        return "charged"

    assert enforces(23, 24)(enforces(24)(charge)) is charge
    assert [len(ENFORCERS[23]), len(ENFORCERS[24])] == [1, 1]
    assert ENFORCERS[24][0].endswith("charge")


@pytest.mark.parametrize("numbers", [(), (0,), (38,), (24, 99)])
def test_what_is_no_article_cannot_be_enforced(numbers: tuple[int, ...]) -> None:
    with pytest.raises(ValueError):
        enforces(*numbers)


def test_a_reason_not_to_enforce_belongs_to_an_article_and_is_given_once() -> None:
    assert set(NOT_ENFORCEABLE) | set(NOT_YET) <= set(ARTICLES)
    assert not set(NOT_ENFORCEABLE) & set(NOT_YET)
    assert all((NOT_ENFORCEABLE | NOT_YET).values())
