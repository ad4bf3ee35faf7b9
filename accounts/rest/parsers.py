"""JSON that is refused as a whole where no serializer could name a field."""

import json
from collections.abc import Mapping
from decimal import Decimal
from hashlib import sha256
from tempfile import SpooledTemporaryFile
from typing import Any, ClassVar, NoReturn

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

LARGEST_UPLOAD_BYTES = 200_000_000
UPLOAD_IN_MEMORY_BYTES = 1_000_000
CHUNK_BYTES = 1 << 16


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
    fraction: ClassVar[type[float] | type[Decimal]] = float

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


class Upload:
    """A body that is read as a file, line by line. As text it is the digest of what it holds."""

    def __init__(self, stream: Any, media_type: str) -> None:
        self.media_type = media_type
        self.file = SpooledTemporaryFile(max_size=UPLOAD_IN_MEMORY_BYTES)  # noqa: SIM115 - lives with it
        digest, size = sha256(), 0
        while chunk := stream.read(CHUNK_BYTES):
            size += len(chunk)
            if size > LARGEST_UPLOAD_BYTES:
                raise RequestDataTooBig
            digest.update(chunk)
            self.file.write(chunk)
        self.file.seek(0)
        self.digest = digest.hexdigest()

    def __str__(self) -> str:
        return f"{self.media_type} {self.digest}"


class _FileParser(BaseParser):
    """Keeps the body beside the memory, whatever its size; what is in it is for the view to judge."""

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        return Upload(stream, self.media_type)


class JsonLinesParser(_FileParser):
    """One JSON object a line."""

    media_type = "application/x-ndjson"


class CsvParser(_FileParser):
    """Comma-separated values."""

    media_type = "text/csv"


class FhirParser(StrictJSONParser):
    """JSON as HL7 FHIR has it: the same, but money stands in decimals, which are kept to the digit."""

    media_type = "application/fhir+json"
    fraction = Decimal
