from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from common.errors import BadInput
from hospitals.models import Hospital
from hospitals.operations.imports import OUR_INSTITUTIONS, Loaded, load_institutions
from tests.hospitals.days import NOW, TODAY

HEADING = "code,name_zh,name_en,kind,district"
GOOD = "AB01,甲医院,Hospital A,public,思明区"


@pytest.fixture
def write(tmp_path: Path, db: None):  # type: ignore[no-untyped-def]
    def write(*lines: str, encoding: str = "utf-8") -> Path:
        path = tmp_path / "file.csv"
        path.write_bytes("\r\n".join(lines).encode(encoding))
        return path

    return write


@pytest.mark.article(14)
@pytest.mark.article(20)
def test_the_citys_own_institutions_load_public_community_and_private(db: None) -> None:
    loaded = load_institutions(path=OUR_INSTITUTIONS, on=TODAY, at=NOW, scenes=["outpatient"])

    assert loaded == Loaded(added=12, changed=0, unchanged=0)
    assert set(Hospital.objects.values_list("kind", flat=True)) == {"public", "community", "private"}
    assert Hospital.objects.offering("outpatient", TODAY).count() == 12


@pytest.mark.article(14)
def test_who_is_not_online_yet_begins_with_the_first_step(write) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(BadInput):
        load_institutions(path=write(HEADING, GOOD), on=None, at=NOW)

    call_command("import_institutions", str(write(HEADING, GOOD)), "--target", "2099-01-01")

    hospital = Hospital.objects.get()
    assert (hospital.online_on, str(hospital.target_on)) == (None, "2099-01-01")
    assert hospital.tasks.filter(state="todo").count() == 5


def test_the_same_file_again_changes_nothing(db: None) -> None:
    load_institutions(path=OUR_INSTITUTIONS, on=TODAY, at=NOW)

    assert load_institutions(path=OUR_INSTITUTIONS, on=TODAY, at=NOW) == Loaded(0, 0, 12)


def test_a_new_name_is_taken_over_and_the_date_is_kept(write) -> None:  # type: ignore[no-untyped-def]
    load_institutions(path=write(HEADING, GOOD), on=TODAY, at=NOW)

    loaded = load_institutions(path=write(HEADING, GOOD.replace("甲", "乙")), on=None, at=NOW)

    hospital = Hospital.objects.get()
    assert loaded == Loaded(0, 1, 0)
    assert (hospital.name_zh, hospital.online_on) == ("乙医院", TODAY)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([HEADING, GOOD, "AB02,甲医院,Hospital B,clinic,思明区"], ["3", "kind"]),
        ([HEADING, GOOD, "", "AB02,,Hospital B,public,思明区"], ["4", "name_zh"]),
        ([HEADING, GOOD, "ab-2,甲医院,Hospital B,public,思明区"], ["3", "code"]),
        ([HEADING, GOOD, GOOD], ["3", "code", "2"]),
        ([HEADING, GOOD, "AB02,甲医院,Hospital B,public"], ["3", "district"]),
        ([HEADING, GOOD, "AB02,甲医院,Hospital B,public,思明区,x"], ["3", "district"]),
        (["code,name_zh,name_en,kind", "AB01,甲,A,public"], ["1", "district"]),
        ([HEADING + ",beds", GOOD + ",3"], ["1", "beds"]),
        ([HEADING + ",kind", GOOD + ",public"], ["1", "kind"]),
        ([HEADING + ",uscc", GOOD + ",91110000600037342L"], ["2", "uscc"]),
        ([HEADING, 'AB01,"甲医院,Hospital A,public,思明区'], ["2"]),
        ([HEADING, "AB01," + "甲" * 101 + ",Hospital A,public,思明区"], ["2", "name_zh"]),
    ],
)
def test_a_fault_is_named_by_line_and_column_and_nothing_is_entered(  # type: ignore[no-untyped-def]
    write, lines: list[str], words: list[str]
) -> None:
    with pytest.raises(BadInput) as fault:
        load_institutions(path=write(*lines), on=TODAY, at=NOW)

    assert all(word in str(fault.value) for word in words), str(fault.value)
    assert not Hospital.objects.exists()


def test_a_file_from_a_spreadsheet_is_read(write) -> None:  # type: ignore[no-untyped-def]
    path = write("\ufeff" + HEADING, " AB01 ,甲医院\u200b,Hospital A,public,思明区", ",,,,")

    load_institutions(path=path, on=TODAY, at=NOW)

    assert Hospital.objects.get().name_zh == "甲医院"


def test_what_is_not_a_text_file_is_refused(write, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    for path in [write(HEADING, GOOD, encoding="gb18030"), write(""), tmp_path / "none.csv", tmp_path]:
        with pytest.raises(BadInput) as fault:
            load_institutions(path=path, on=TODAY, at=NOW)
        assert fault.value.field == "file"


def test_the_command_says_what_it_did(write, capsys: pytest.CaptureFixture[str]) -> None:  # type: ignore[no-untyped-def]
    call_command("import_institutions", str(write(HEADING, GOOD)), "--on", "2026-11-23")

    assert "1 added" in capsys.readouterr().out


def test_the_command_fails_with_the_same_words(write) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(CommandError, match="kind"):
        call_command("import_institutions", str(write(HEADING, GOOD.replace("public", "clinic"))))
