"""Scenarios live with the counterparts as a real process beside them."""

from tests.sandbox_process import fresh_sandbox, sandbox  # noqa: F401 - fixtures
