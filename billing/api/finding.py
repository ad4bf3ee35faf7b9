"""The lender that a body names."""

from typing import Any

from billing.operations.batches import no_such_lender
from lenders.models import Lender


def named_lender(given: dict[str, Any]) -> Lender | None:
    """None where none is named. Which lenders there are is public. Raises BadInput."""
    if "lender" not in given:
        return None
    lender = Lender.objects.filter(code=given["lender"]).first()
    if lender is None:
        raise no_such_lender()
    return lender
