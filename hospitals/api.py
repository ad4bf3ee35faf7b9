"""What every view of a hospital's system is made of; the endpoints stand with the nouns that they show."""

from typing import ClassVar

from django.core.exceptions import PermissionDenied
from django.utils.functional import cached_property

from accounts.models import ApiClient
from accounts.rest.views import ApiView
from common.rows import rows
from hospitals.models import Hospital

_OF_CLIENT = """
    SELECT hospital.* FROM hospitals_hospitalclient speaker
      JOIN hospitals_hospital hospital ON hospital.id = speaker.hospital_id
     WHERE speaker.client_id = %s"""


class HospitalView(ApiView):
    """For the one hospital that the client speaks for; every queryset starts from it."""

    scopes: ClassVar[frozenset[str]] = frozenset({ApiClient.Kind.HOSPITAL})

    @cached_property
    def hospital(self) -> Hospital:
        found = rows(Hospital, _OF_CLIENT, [self.client.pk])
        if not found:
            raise PermissionDenied
        return found[0]
