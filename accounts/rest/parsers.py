"""JSON that is refused as a whole where no serializer could name a field."""

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, ClassVar, NoReturn

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


class StrictJSONParser(BaseParser):
    """UTF-8 only; no NaN, no name twice, no half of a surrogate pair, no depth that breaks the parser."""

    media_type = "application/json"
    # What becomes of a number with a fraction or an exponent.
    fraction: ClassVar[Callable[[str], Any]] = float

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        content = stream.read(limit + 1)
        if len(content) > limit:
            raise RequestDataTooBig
        try:
            parsed = json.loads(
                content.decode("utf-8"),
                parse_constant=_no_constant,
                parse_float=self.fraction,
                object_pairs_hook=_once,
            )
            if b"\\u" in content:
                json.dumps(parsed, ensure_ascii=False, default=str).encode("utf-8")
        except (ValueError, RecursionError, ArithmeticError):
            raise ParseError(_("The body is not valid JSON in UTF-8.")) from None
        return parsed


class FhirParser(StrictJSONParser):
    """JSON as HL7 FHIR has it: the same, but money stands in decimals, which are kept to the digit."""

    media_type = "application/fhir+json"
    fraction = Decimal
