from credit.models.family import FamilyLink
from credit.models.limits import AccountEvent, CreditAccount, CreditScore
from credit.models.policy import CalendarDay, LendingRate, Policy, Tier
from credit.models.standing import DueDateOutcome, RepairApplication, ScoreEvent, Suspension

__all__ = [
    "AccountEvent",
    "CalendarDay",
    "CreditAccount",
    "CreditScore",
    "DueDateOutcome",
    "FamilyLink",
    "LendingRate",
    "Policy",
    "RepairApplication",
    "ScoreEvent",
    "Suspension",
    "Tier",
]
