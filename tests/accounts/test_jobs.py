from datetime import date

import pytest

from accounts.models import JobRun
from accounts.operations.jobs import track
from common.spans import Span
from tests.connections import Elsewhere

ON = date(2026, 11, 20)


@pytest.mark.django_db
def test_a_job_runs_from_running_to_done_in_one_row_a_date_and_scope() -> None:
    for _again in range(2):
        with track("close_day", ON) as progress:
            progress.advance(3, 10)
            assert JobRun.objects.get().state == JobRun.State.RUNNING
            progress.advance(10)

    run = JobRun.objects.get()
    assert (run.state, run.done, run.total) == (JobRun.State.DONE, 10, 10)
    assert run.finished_at is not None


@pytest.mark.django_db
def test_a_job_that_breaks_shows_the_class_of_its_error_and_none_of_its_words() -> None:
    with pytest.raises(ValueError, match="Lin"), track("close_day", ON, Span(1, 9)):
        raise ValueError("Lin owes")

    run = JobRun.objects.get()
    assert (run.state, run.detail) == (JobRun.State.FAILED, "ValueError")


@pytest.mark.django_db(transaction=True)
def test_progress_is_seen_outside_while_the_job_runs() -> None:
    with track("close_day", ON) as progress:
        progress.advance(4, 9)
        seen = Elsewhere(lambda: JobRun.objects.values_list("state", "done", "total").get()).join()

    assert seen == ("running", 4, 9)
