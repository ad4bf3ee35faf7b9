"""OpenAPI 3.1 that says what the API really does: its problems, its keys, its scopes, its strictness."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from accounts.rest.serializers import CONTROL_CHARACTER_CLASS, ProblemSerializer, StrictSerializer

TOKEN_URL = "/api/oauth/token"  # noqa: S105 - an address
SCOPES = {"hospital": _("Act for one hospital"), "lender": _("Act for one lender")}

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    {
        "type": "string",
        "minLength": 1,
        "maxLength": 255,
        "pattern": "^[\\x21-\\x7e]([\\x20-\\x7e]*[\\x21-\\x7e])?$",
    },
    OpenApiParameter.HEADER,
    required=True,
    description=_("The same key with the same request gives the same answer, with another request 422."),
)
REPLAYED = OpenApiParameter(
    "Idempotency-Replayed",
    str,
    OpenApiParameter.HEADER,
    response=[200, 201, 202],
    description=_("`true` where the answer was kept from before."),
)
RATE_LIMIT, RATE_LIMIT_POLICY = (
    OpenApiParameter(name, str, OpenApiParameter.HEADER, response=[200, 201, 202], description=description)
    for name, description in (
        ("RateLimit", _("How many requests are left (`r`), and in how many seconds there are more (`t`).")),
        ("RateLimit-Policy", _("How many requests (`q`) a client has in so many seconds (`w`).")),
    )
)
_WHY = {
    400: _("The request cannot be understood"),
    401: _("No valid access token"),
    403: _("The token's scope does not allow this, or a rule forbids it"),
    404: _("Nothing here that the client may see"),
    409: _("A rule refuses, or somebody else is working on it"),
    422: _("A field is at fault, or the Idempotency-Key was used for another request"),
    429: _("Too many requests in this minute"),
}

# Text is trimmed, and without control characters; what may not be blank has a letter that is no space.
_ANY_TEXT = f"^[^{CONTROL_CHARACTER_CLASS}]*$"
_SOME_TEXT = f"^[^{CONTROL_CHARACTER_CLASS}]*[^{CONTROL_CHARACTER_CLASS}\\s][^{CONTROL_CHARACTER_CLASS}]*$"


class ApiSchema(AutoSchema):
    """What `ApiView` adds to each operation."""

    def get_override_parameters(self) -> list[Any]:
        own = list(super().get_override_parameters())
        own += [RATE_LIMIT, RATE_LIMIT_POLICY]
        return [*own, IDEMPOTENCY_KEY, REPLAYED] if self._needs_key() else own

    def is_deprecated(self) -> bool:
        return super().is_deprecated() or getattr(self.view, "retirement", None) is not None

    def _needs_key(self) -> bool:
        return bool(getattr(getattr(self.view, self.method.lower(), None), "needs_key", False))

    def _problems(self) -> list[int]:
        has_body = self.method in ("POST", "PUT", "PATCH")
        found = {401, 403, 429}
        found |= {400, 409, 422} if has_body else set()
        asked = {one["name"] for one in self._get_parameters() if one["in"] == "query"}
        found |= {422} if asked else set()
        found |= {404} if "{" in self.path or asked & {"cursor", "after"} else set()
        return sorted(found)

    def _get_request_body(self, direction: Any = "request") -> Any:
        body = super()._get_request_body(direction)
        if body and len(body["content"]) > 1 and "application/json" in body["content"]:
            # Another body is as needed as ours; of one that no serializer describes that is lost.
            body["required"] = True
        return body

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        responses = super()._get_response_bodies(direction)
        component = self.resolve_serializer(ProblemSerializer, "response")
        content = {"application/problem+json": {"schema": component.ref}}
        for status in self._problems():
            responses.setdefault(str(status), {"description": _WHY[status], "content": content})
        responses.setdefault("default", {"description": _("Any other problem"), "content": content})
        return responses

    def _map_serializer(self, serializer: Any, direction: Any, bypass_extensions: bool = False) -> Any:
        schema = super()._map_serializer(serializer, direction, bypass_extensions)
        if direction == "request" and isinstance(serializer, StrictSerializer):
            schema["additionalProperties"] = False
        return schema

    def _map_serializer_field(self, field: Any, direction: Any, bypass_extensions: bool = False) -> Any:
        schema = super()._map_serializer_field(field, direction, bypass_extensions)
        is_plain = type(field) is serializers.CharField
        if direction == "request" and is_plain and schema and "pattern" not in schema:
            schema["pattern"] = _ANY_TEXT if field.allow_blank else _SOME_TEXT
        return schema

    def _insert_field_validators(self, field: Any, schema: Any) -> None:
        super()._insert_field_validators(field, schema)
        branches = schema.get("oneOf", [])
        if branches and branches[0].get("pattern") == _ANY_TEXT:
            # The pattern lets blank text through already; with a branch of its own it would match twice.
            schema.update(schema.pop("oneOf")[0])


class ClientScheme(OpenApiAuthenticationExtension):
    """OAuth2 client credentials; each operation names the scopes of its view."""

    target_class = "accounts.rest.auth.ClientAuthentication"
    name = "client"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {
            "type": "oauth2",
            "flows": {"clientCredentials": {"tokenUrl": TOKEN_URL, "scopes": SCOPES}},
        }

    def get_security_requirement(self, auto_schema: Any) -> list[dict[str, list[str]]]:
        return [{self.name: [scope]} for scope in sorted(auto_schema.view.scopes)]
