"""The counterparts as a real process beside the timetable."""

from tests.sandbox_process import fresh_sandbox, sandbox  # noqa: F401 - fixtures
