"""What every view of the API is made of."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, cast

from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import activate, get_language_from_request
from rest_framework.parsers import BaseParser
from rest_framework.permissions import BasePermission
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from accounts.models import ApiClient
from accounts.rest.acceptance import acceptance
from accounts.rest.auth import ClientAuthentication
from accounts.rest.parsers import StrictJSONParser
from accounts.rest.permissions import HasScope
from accounts.rest.problems import problem_handler
from accounts.rest.rates import ClientRate, headers_of
from accounts.rest.retirement import Retirement
from accounts.rest.schema import ApiSchema

_METHODS = ("get", "post", "put", "patch", "delete")


class ApiView(APIView):
    """A view for clients. It names the `scopes` that may call it; one that names none, or a `post` that is
    neither `@idempotent` nor `@changes_nothing`, is refused when it is imported.
    """

    scopes: ClassVar[frozenset[str]] = frozenset()
    # Set where an address is on its way out.
    retirement: ClassVar[Retirement | None] = None

    authentication_classes = (ClientAuthentication,)
    permission_classes: tuple[type[BasePermission], ...] = (HasScope,)
    parser_classes: tuple[type[BaseParser], ...] = (StrictJSONParser,)
    renderer_classes: tuple[type[BaseRenderer], ...] = (JSONRenderer,)
    throttle_classes: tuple[type[BaseThrottle], ...] = (ClientRate,)
    schema = ApiSchema()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if not any(hasattr(cls, method) for method in _METHODS):
            return
        if not cls.scopes or not cls.scopes <= set(ApiClient.Kind.values):
            raise ImproperlyConfigured(
                f"{cls.__qualname__} names no scope, or one that is not a client's kind"
            )
        if hasattr(cls, "post") and not hasattr(cls.post, "needs_key"):
            raise ImproperlyConfigured(f"{cls.__qualname__}.post is neither idempotent nor changes_nothing")

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Answers in the language that the client asks for; addresses of the API name none."""
        activate(get_language_from_request(request._request))
        super().initial(request, *args, **kwargs)

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        answer = super().finalize_response(request, response, *args, **kwargs)
        for name, value in headers_of(request).items():
            answer[name] = value
        if self.retirement is not None:
            for name, value in self.retirement.headers().items():
                answer[name] = value
        return answer

    def get_exception_handler(self) -> Callable[[Exception, Mapping[str, Any]], Response]:
        return problem_handler

    @property
    def client(self) -> ApiClient:
        """Who is calling. Querysets start here."""
        return cast(ApiClient, self.request.user)


def read(serializer: type[BaseSerializer], request: Request) -> dict[str, Any]:
    """The checked body of a request. Raises ValidationError, which names the field."""
    accepted = acceptance(serializer)(request.data)
    if accepted is not None:
        return accepted
    given = serializer(data=request.data)
    given.is_valid(raise_exception=True)
    return given.validated_data


def read_query(serializer: type[BaseSerializer], request: Request) -> dict[str, Any]:
    """The checked parameters of the address."""
    given = serializer(data=request.query_params)
    given.is_valid(raise_exception=True)
    return given.validated_data
