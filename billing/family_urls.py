"""A citizen's pages about their family."""

from django.urls import path

from billing.views import portal_family as family

urlpatterns = [
    path("", family.family, name="family"),
    path("child/", family.ask, {"way": family.CHILD}, name="add_child"),
    path("child/check/", family.check, {"way": family.CHILD}, name="check_child"),
    path("parent/", family.ask, {"way": family.PARENT}, name="add_parent"),
    path("parent/check/", family.check, {"way": family.PARENT}, name="check_parent"),
    path("<str:reference>/", family.relative, name="relative"),
    path("<str:reference>/answer/", family.answer, name="answer_offer"),
    path("<str:reference>/limit/", family.limit, name="relative_limit"),
    path("<str:reference>/end/", family.end, name="end_sharing"),
    path("<str:reference>/done/", family.done, name="sharing_done"),
    path("<str:reference>/paper/", family.paper, name="sharing_on_paper"),
]
