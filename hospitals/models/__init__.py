from hospitals.models.claims import CLAIM_MOVES, RetrofitClaim
from hospitals.models.institutions import (
    LIVE,
    Hospital,
    HospitalClient,
    HospitalQuerySet,
    HospitalScene,
    HospitalStaff,
    Scene,
    institution_code,
    validate_uscc,
)
from hospitals.models.onboarding import OnboardingTask, SceneCheck, Training
from hospitals.models.payout import PayoutAccount, PayoutProposal

__all__ = [
    "LIVE",
    "CLAIM_MOVES",
    "Hospital",
    "HospitalClient",
    "HospitalQuerySet",
    "HospitalScene",
    "HospitalStaff",
    "OnboardingTask",
    "PayoutAccount",
    "PayoutProposal",
    "RetrofitClaim",
    "Scene",
    "SceneCheck",
    "Training",
    "institution_code",
    "validate_uscc",
]
