"""What a reader sees of a page: its words without the marks, in one line."""

import re
from html import unescape
from typing import Any


def words(response: Any) -> str:
    body = re.sub(r"<(script|style|head)\b.*?</\1>", " ", response.content.decode(), flags=re.S)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split()).replace(" .", ".").replace(" ,", ",")
