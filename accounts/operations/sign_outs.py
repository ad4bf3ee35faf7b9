"""Ending a user's sign-ins (Article 32)."""

from datetime import datetime

from accounts.models import User
from common.articles import enforces


@enforces(32)
def sign_out_everywhere(*, user: User, at: datetime) -> None:
    """Every session that began up to now ends with its next request."""
    User.objects.filter(pk=user.pk).update(signed_out_at=at)
