"""What a relative may still draw under the limit that the one who pays has set (Article 24(5))."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from common.articles import enforces
from common.statements import Statement
from credit.models import CreditAccount
from credit.operations.limits import CannotDraw

# Unpaid principal and open holds, on whichever account they are drawn: what this payer answers for.
_LEFT = Statement(
    """
    SELECT DISTINCT ON (pair.dependant) pair.dependant, link.limit_fen
         - coalesce((SELECT sum(owed_fen) FROM billing_bill
                      WHERE patient_id = pair.dependant AND payer_id = pair.payer AND state = 'open'), 0)
         - coalesce((SELECT sum(hold_fen) FROM billing_visit
                      WHERE patient_id = pair.dependant AND payer_id = pair.payer AND state = 'open'), 0)
      FROM unnest(%(payers)s::bigint[], %(dependants)s::bigint[]) AS pair (payer, dependant)
      JOIN credit_familylink link ON link.payer_id = pair.payer AND link.dependant_id = pair.dependant
     WHERE link.state <> 'offered'
     ORDER BY pair.dependant, link.agreed_at DESC"""
)


class FamilyLimits:
    """What capped relatives have left, in fen; the next charge finds taken what the one before took."""

    def __init__(self, left_fen: dict[int, int]) -> None:
        self._left_fen = left_fen

    @classmethod
    @enforces(24)
    def of(cls, payers: Mapping[int, CreditAccount]) -> FamilyLimits:
        """Of these patients' ids, each with the account of the one who pays.

        Decides rightly while those accounts are locked. Asks nothing where none of them caps a relative.
        """
        capped = {
            patient: account.person_id
            for patient, account in payers.items()
            if account.caps_family and account.person_id != patient
        }
        if not capped:
            return cls({})
        found = _LEFT.run(payers=list(capped.values()), dependants=list(capped))
        return cls({patient: max(0, int(fen)) for patient, fen in found if fen is not None})

    def bear(self, patient_id: int, fen: int) -> int:
        """What of an amount the patient's limit can bear. Raises CannotDraw where that is nothing."""
        left_fen = self._left_fen.get(patient_id, fen)
        if fen and not left_fen:
            raise CannotDraw(
                _(
                    "The limit that the relative who pays has set for this patient is used up."
                    " Please take another payment; care is not refused."
                ),
                article=24,
            )
        return min(fen, left_fen)

    def take(self, patient_id: int, fen: int) -> None:
        if patient_id in self._left_fen:
            self._left_fen[patient_id] -= fen

    def require(self, patient_id: int, fen: int) -> None:
        """Raises CannotDraw where the whole of it is more than the patient's limit has left."""
        left_fen = self.bear(patient_id, fen)
        if left_fen < fen:
            raise CannotDraw(
                _(
                    "%(asked_fen)s is more than the %(left_fen)s left of the limit that the relative who pays"
                    " has set for this patient."
                ),
                article=24,
                asked_fen=fen,
                left_fen=left_fen,
            )
