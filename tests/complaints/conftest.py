from tests.sandbox_process import fresh_sandbox, sandbox  # noqa: F401 - fixtures
