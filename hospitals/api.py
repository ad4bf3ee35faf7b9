"""What every view of a hospital's system is made of; the endpoints stand with the nouns that they show."""

from typing import ClassVar

from django.core.exceptions import PermissionDenied
from django.utils.functional import cached_property

from accounts.models import ApiClient
from accounts.rest.views import ApiView
from hospitals.models import Hospital


class HospitalView(ApiView):
    """For the one hospital that the client speaks for; every queryset starts from it."""

    scopes: ClassVar[frozenset[str]] = frozenset({ApiClient.Kind.HOSPITAL})

    @cached_property
    def hospital(self) -> Hospital:
        hospital = Hospital.objects.filter(clients__client=self.client).first()
        if hospital is None:
            raise PermissionDenied
        return hospital
