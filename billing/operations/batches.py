"""Charging what a hospital's system sends: people and lenders by what it knows them by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.operations.access import Actor, record_accesses
from billing.e_invoices import EInvoice
from billing.models import Bill
from billing.operations.charges import Charge
from billing.operations.invoiced import charge_many_invoiced
from billing.operations.patients import PatientKey, find_patients
from billing.parts import Insurance, Line
from common.articles import enforces
from common.errors import BadInput, Refusal
from hospitals.models import Hospital
from lenders.models import Lender


@dataclass(frozen=True)
class Asked:
    """One charge as it was sent; no `lender_code` means the payer's default lender."""

    key: PatientKey
    scene: str
    items: Sequence[Line]
    insurance: Insurance | None
    self_paid_fen: int
    lender_code: str = ""
    hospital_visit_no: str = ""
    e_invoice: EInvoice | None = None


@enforces(17, 32)
@transaction.atomic(savepoint=False)
def charge_batch(
    *,
    actor: Actor,
    hospital: Hospital,
    asked: Sequence[Asked],
    purpose: str,
    cashier: User | None = None,
    at: datetime,
) -> list[Bill | Refusal]:
    """Charge a batch: for each its bill, or why not, in order; one refused stops no other.

    Every look at a patient is recorded, that of a refused charge as `<purpose>.refused`.
    """
    patients = find_patients([one.key for one in asked])
    codes = {one.lender_code for one in asked} - {""}
    lenders = Lender.objects.in_bulk(codes, field_name="code") if codes else {}
    answers: list[Bill | Refusal | None] = []
    charges, e_invoices = [], []
    for one, patient in zip(asked, patients, strict=True):
        if isinstance(patient, Refusal):
            answers.append(patient)
        elif one.lender_code and one.lender_code not in lenders:
            answers.append(no_such_lender())
        else:
            answers.append(None)
            lender = lenders.get(one.lender_code)
            e_invoices.append(one.e_invoice)
            charges.append(
                Charge(
                    patient,
                    one.scene,
                    one.items,
                    one.insurance,
                    one.self_paid_fen,
                    lender,
                    one.hospital_visit_no,
                )
            )
    made = iter(
        charge_many_invoiced(
            hospital=hospital, charges=charges, e_invoices=e_invoices, cashier=cashier, at=at
        )
    )
    done = [answer or next(made) for answer in answers]
    known = [
        (patient, answer)
        for patient, answer in zip(patients, done, strict=True)
        if not isinstance(patient, Refusal)
    ]
    charged = [patient for patient, answer in known if isinstance(answer, Bill)]
    refused = [patient for patient, answer in known if isinstance(answer, Refusal)]
    record_accesses(actor=actor, subjects=charged, purpose=purpose, at=at)
    record_accesses(actor=actor, subjects=refused, purpose=f"{purpose}.refused", at=at)
    return done


def no_such_lender() -> BadInput:
    return BadInput(_("There is no lender of this code."), field="lender", article=23)
