"""Asking for the repair of a score: what is owed comes first (Article 30)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Person
from billing.models import Bill
from common.articles import enforces
from common.calendar import business_date
from credit.models import RepairApplication
from credit.operations.standing import CannotRepair, apply_for_repair


@enforces(30)
@transaction.atomic
def ask_for_repair(*, person: Person, statement: str = "", at: datetime) -> RepairApplication:
    """Apply for repair as `apply_for_repair` does, once nothing is overdue but what is objected to.

    Raises BadInput, CannotRepair.
    """
    overdue = Bill.objects.overdue(business_date(at)).filter(payer=person)
    overdue_fen = sum(bill.to_pay_fen for bill in overdue)
    if overdue_fen:
        raise CannotRepair(
            _("%(overdue_fen)s is overdue. Repair begins with paying it; then apply."),
            article=30,
            overdue_fen=overdue_fen,
        )
    return apply_for_repair(person=person, statement=statement, at=at)
