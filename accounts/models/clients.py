from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from oauth2_provider.models import Application


class ApiClient(models.Model):
    """A hospital's or a lender's system. Its kind is the only scope that it can ever be given."""

    class Kind(models.TextChoices):
        HOSPITAL = "hospital", _("hospital")
        LENDER = "lender", _("lender")

    application = models.OneToOneField(Application, on_delete=models.PROTECT, related_name="api_client")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    name = models.CharField(max_length=100)
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("API client")
        verbose_name_plural = _("API clients")
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["hospital", "lender"]), name="api_client_kind_is_known"
            ),
            models.CheckConstraint(condition=~Q(name=""), name="api_client_has_a_name"),
        ]

    # What the framework asks of whoever makes a request.
    is_authenticated = True
    is_active = True
    is_anonymous = False

    def __str__(self) -> str:
        return self.name


class IdempotencyRecord(models.Model):
    """The answer that one client got under one key, written in the transaction of the effect itself.

    `status` and `body` are null only inside that transaction. Kept as long as what it made.
    """

    client = models.ForeignKey(ApiClient, on_delete=models.PROTECT, related_name="+", db_index=False)
    key = models.CharField(max_length=255)
    request_hash = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    body = models.JSONField(null=True, encoder=DjangoJSONEncoder)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("idempotency record")
        verbose_name_plural = _("idempotency records")
        constraints = [
            models.UniqueConstraint(fields=["client", "key"], name="idempotency_one_effect_per_key"),
            models.CheckConstraint(condition=~Q(key=""), name="idempotency_key_is_given"),
            models.CheckConstraint(
                condition=Q(status=None) | Q(status__range=(200, 299)), name="idempotency_keeps_successes"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.client_id}:{self.pk}"
