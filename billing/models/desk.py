"""What makes a form of the desk count once."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.chained import append_only
from accounts.models import User


class DeskAct(models.Model):
    """One form that a cashier sent, by the one-time token it carried: sent again, it finds what it made."""

    token = models.UUIDField(_("token"))
    cashier = models.ForeignKey(User, models.PROTECT, related_name="+")
    made = models.CharField(_("number of what it made"), max_length=24)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("act at the desk")
        verbose_name_plural = _("acts at the desk")
        constraints = [models.UniqueConstraint(fields=["token"], name="desk_act_once_per_form")]
        triggers = append_only()

    def __str__(self) -> str:
        return self.made
