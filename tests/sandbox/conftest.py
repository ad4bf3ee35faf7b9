from collections.abc import Iterator

import pytest

from tests.sandbox.stand_in import StandIn, stand_in
from tests.sandbox_process import fresh_sandbox, sandbox

__all__ = ["fresh_sandbox", "sandbox"]


@pytest.fixture
def platform() -> Iterator[StandIn]:
    with stand_in() as standing_in:
        yield standing_in
