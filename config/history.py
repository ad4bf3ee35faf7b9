"""Who edited what people edit, for pghistory."""

from django.http import HttpRequest, HttpResponse
from pghistory.middleware import HistoryMiddleware


class EditHistory(HistoryMiddleware):
    """Notes the user and the page of each edit.

    Clients of the API edit none of the tracked tables, and every statement of theirs would carry the note.
    """

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path.startswith("/api/"):
            return self.get_response(request)
        return super().__call__(request)
