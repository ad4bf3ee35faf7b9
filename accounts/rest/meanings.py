"""The problems that no rule raises but the API itself: what each means, and what a client can do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

SAME_AGAIN = _("Send the same request with the same key after Retry-After, or after a second.")


class Meaning(NamedTuple):
    status: int
    meaning: StrOrPromise
    remedy: StrOrPromise


MEANINGS = {
    "bad_request": Meaning(
        400, _("The request cannot be understood."), _("Look at its address and its headers.")
    ),
    "parse_error": Meaning(
        400, _("The body is not valid JSON in UTF-8."), _("Send one JSON object, each name once, in UTF-8.")
    ),
    "idempotency_key_missing": Meaning(
        400,
        _("This request needs an Idempotency-Key header."),
        _("Choose the key from what the request is about, so that it can be repeated after a restart too."),
    ),
    "idempotency_key_invalid": Meaning(
        400,
        _("An Idempotency-Key has at most 255 printable ASCII characters."),
        _("Choose a shorter or a plainer key."),
    ),
    "not_authenticated": Meaning(
        401,
        _("The request carries no access token."),
        _("Fetch a token from /api/oauth/token, and send it as Authorization: Bearer."),
    ),
    "invalid_token": Meaning(
        401, _("The access token is not valid."), _("Fetch another: a token lives for an hour.")
    ),
    "permission_denied": Meaning(
        403,
        _("This is not allowed."),
        _("A token is for a hospital or for a lender; use that of the other client."),
    ),
    "not_found": Meaning(
        404,
        _("There is nothing at this address."),
        _("Look at the address and the number in it. What is somebody else's is answered in the same words."),
    ),
    "method_not_allowed": Meaning(
        405, _("The address does not take this method."), _("The documentation names the methods of each.")
    ),
    "not_acceptable": Meaning(
        406, _("The answer is JSON and can be nothing else."), _("Send Accept: application/json, or none.")
    ),
    "busy": Meaning(409, _("Somebody else is working on this. Try again in a moment."), SAME_AGAIN),
    "too_large": Meaning(413, _("The request is too large."), _("Send it as several.")),
    "unsupported_media_type": Meaning(
        415, _("The body is said to be something else than JSON."), _("Send Content-Type: application/json.")
    ),
    "throttled": Meaning(
        429,
        _("The client has asked too often in this minute. Nothing was changed."),
        _("Wait as many seconds as Retry-After says, then send the same request with the same key."),
    ),
    "internal_error": Meaning(
        500,
        _("Something went wrong on our side. Nothing was changed."),
        _("Send the same request with the same key. If it stays so, tell the service centre when it was."),
    ),
    "unavailable": Meaning(503, _("The platform cannot do this right now. Nothing was changed."), SAME_AGAIN),
}
