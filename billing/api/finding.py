"""The lender that a body names."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from common.errors import BadInput
from lenders.models import Lender


def named_lender(given: dict[str, Any]) -> Lender | None:
    """None where none is named. Which lenders there are is public. Raises BadInput."""
    if "lender" not in given:
        return None
    lender = Lender.objects.filter(code=given["lender"]).first()
    if lender is None:
        raise BadInput(_("There is no lender of this code."), field="lender", article=23)
    return lender
