"""How much of an upload is taken at all, whatever the form it came by."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.files.uploadhandler import FileUploadHandler, StopUpload

TOO_LARGE = "upload_too_large"


class AtMost(FileUploadHandler):
    """Takes no file beyond UPLOAD_MOST_BYTES: the rest is read and thrown away, and the form finds no file.

    The first of FILE_UPLOAD_HANDLERS, so that nothing larger is ever written anywhere.
    """

    def __init__(self, request: Any = None) -> None:
        super().__init__(request)
        self.left = settings.UPLOAD_MOST_BYTES

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        self.left -= len(raw_data)
        if self.left < 0:
            if self.request is not None:
                setattr(self.request, TOO_LARGE, True)
            raise StopUpload(connection_reset=False)
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """The handlers that follow keep the file."""


def was_too_large(request: Any) -> bool:
    return getattr(request, TOO_LARGE, False)
