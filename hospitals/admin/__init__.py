"""The back office of hospitals, a module for each subject."""

from hospitals.admin import claims, institutions, onboarding, payout, staff

__all__ = ["claims", "institutions", "onboarding", "payout", "staff"]
