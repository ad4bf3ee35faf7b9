"""The counterparts as a real process beside the bills."""

from tests.sandbox_process import fresh_sandbox, sandbox  # noqa: F401 - fixtures
