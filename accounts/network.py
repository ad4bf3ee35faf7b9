"""Where on the network a request comes from."""

from axes.helpers import get_client_ip_address
from django.http import HttpRequest


def network_address(request: HttpRequest) -> str:
    """The address by which the lock-out of sign-ins counts too: one setting says whom to believe."""
    return get_client_ip_address(request) or ""
