"""How the timetable becomes Celery's."""

from celery.schedules import crontab
from django.utils.module_loading import import_string

from config.celery import HARD_LIMIT_SECONDS, SOFT_LIMIT_SECONDS, VISIBILITY_SECONDS, app, beat_entry
from config.timetable import TIMETABLE, Entry


def test_crontab_fields_are_read_in_business_time():
    entry = beat_entry(Entry("close", "30 0 * * *", "somewhere.close"))

    assert entry["schedule"] == crontab(minute="30", hour="0")
    assert str(app.conf.timezone) == "Asia/Shanghai"


def test_a_sweep_that_nobody_took_is_dropped_before_the_next():
    entry = beat_entry(Entry("sweep", 30, "somewhere.sweep"))

    assert (entry["schedule"], entry["options"]) == (30, {"expires": 30})


def test_every_line_of_the_timetable_names_a_task():
    app.loader.import_default_modules()

    for entry in TIMETABLE:
        assert import_string(entry.task).name == entry.task
        assert entry.task in app.tasks


def test_no_task_may_outlive_the_time_after_which_another_worker_takes_it():
    assert SOFT_LIMIT_SECONDS < HARD_LIMIT_SECONDS < VISIBILITY_SECONDS
    assert app.conf.task_acks_late
    assert app.conf.task_reject_on_worker_lost


def test_the_beat_keeps_its_file_out_of_the_tree(settings):
    assert app.conf.beat_schedule_filename.startswith(str(settings.VAR_DIR))
