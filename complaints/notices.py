"""What citizens are told about their cases. The words of a case stay on its page, never in a text message."""

from django.utils.translation import gettext_lazy as _

from accounts.notices import NoticeKind

CASE_OPENED = NoticeKind(
    "case.opened",
    _("We have your case %(number)s"),
    _(
        "Case %(number)s will have a written answer by %(answer_by_on)s (Article 29). You may add to it until"
        " then."
    ),
)
CASE_ANSWERED = NoticeKind(
    "case.answered",
    _("Your case %(number)s has its answer"),
    _(
        "The answer to case %(number)s stands under Complaints and objections. If you are not content, open"
        " another case."
    ),
)
