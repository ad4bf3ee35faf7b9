"""What a catalogue may not contain."""

from pathlib import Path

import pytest

from tools.translations import faults

HEAD = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n'


@pytest.fixture
def found(tmp_path: Path):
    def look(entry: str) -> list[str]:
        catalogue = tmp_path / "django.po"
        catalogue.write_text(HEAD + entry)
        return faults(catalogue)

    return look


def test_a_translated_sentence_is_fine(found):
    assert found('msgid "You owe %(left_fen)s."\nmsgstr "您还欠 %(left_fen)s。"\n') == []


def test_a_missing_sentence_is_told(found):
    assert found('msgid "Repay"\nmsgstr ""\n') == ["missing: 'Repay'"]


def test_a_fuzzy_sentence_is_told(found):
    assert found('#, fuzzy\nmsgid "Repay"\nmsgstr "退款"\n') == ["fuzzy: 'Repay'"]


def test_a_placeholder_that_the_sentence_does_not_have_is_told(found):
    assert found('msgid "Owed: %(left)s"\nmsgstr "欠 %(rest)s"\n') == [
        "placeholders differ: 'Owed: %(left)s'"
    ]


def test_a_sentence_that_is_gone_is_nobodys_business(found):
    assert found('#~ msgid "Old"\n#~ msgstr ""\n') == []
