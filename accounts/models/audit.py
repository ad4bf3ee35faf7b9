from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.chained import ChainedModel, append_only
from accounts.models.people import Person, User


class AccessEntry(ChainedModel):
    """Somebody looked at a person's data (Article 32). The person can read it; nobody can change it."""

    actor = models.CharField(max_length=150)
    actor_user = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    subject = models.ForeignKey(
        Person, on_delete=models.PROTECT, related_name="access_entries", db_index=False
    )
    purpose = models.CharField(max_length=100)
    reason = models.CharField(max_length=300, blank=True, default="")
    at = models.DateTimeField()

    class Meta(ChainedModel.Meta):
        verbose_name = _("access entry")
        verbose_name_plural = _("access entries")
        constraints = [
            models.CheckConstraint(condition=~Q(actor=""), name="access_names_its_actor"),
            models.CheckConstraint(condition=~Q(purpose=""), name="access_has_a_purpose"),
        ]
        indexes = [
            models.Index(fields=["subject", "-at", "-id"], name="access_newest_of_subject"),
            models.Index(fields=["actor_user", "at"], name="access_by_user"),
        ]

    def __str__(self) -> str:
        return f"{self.actor} {self.purpose}"


class Seal(models.Model):
    """One link: the digest over the link before it and one row. `seq` runs from 1 without a gap in each
    chain.
    """

    chain = models.CharField(max_length=60)
    seq = models.PositiveBigIntegerField()
    row_id = models.BigIntegerField()
    digest = models.CharField(max_length=64)
    sealed_at = models.DateTimeField()

    class Meta:
        verbose_name = _("seal")
        verbose_name_plural = _("seals")
        constraints = [
            models.UniqueConstraint(fields=["chain", "seq"], name="seal_one_per_place"),
            models.UniqueConstraint(fields=["chain", "row_id"], name="seal_one_per_row"),
            models.CheckConstraint(condition=Q(seq__gte=1), name="seal_starts_at_one"),
            models.CheckConstraint(condition=Q(digest__regex="^[0-9a-f]{64}$"), name="seal_is_a_digest"),
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.chain} {self.seq}"
