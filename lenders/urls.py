"""Pages about lenders, and a citizen's agreements with them."""

from django.urls import path

from lenders.views import consents, enrolment, offers, portal, public

urlpatterns = [
    path("fees/", public.fees, name="fees"),
    path("lenders/", public.lenders, name="lenders"),
    path("enrol/check/", enrolment.check, name="enrol_check"),
    path("enrol/bank/", enrolment.bank, name="enrol_bank"),
    path("enrol/identity/", enrolment.identity, name="enrol_identity"),
    path("enrol/done/", enrolment.done, name="enrol_done"),
    path("me/lenders/", portal.my_lenders, name="my_lenders"),
    path("me/lenders/apply/<str:code>/", portal.apply, name="apply_for_facility"),
    path("me/lenders/default/", portal.make_default, name="choose_default_lender"),
    path("me/lenders/close/<str:code>/", portal.close, name="close_facility"),
    path("me/lenders/<str:reference>/", portal.facility, name="facility"),
    path("me/consents/", consents.consents, name="consents"),
    path("me/consents/marketing/", consents.no_marketing, name="no_marketing"),
    path("me/consents/<slug:purpose>/", consents.consent, name="consent"),
    path("me/consents/<slug:purpose>/<slug:subject>/", consents.consent, name="consent_to"),
    path("me/offers/", offers.offers, name="offers"),
    path("me/offers/asked/<str:reference>/", offers.asked, name="offer_request"),
    path("me/offers/<str:lender>/<str:code>/", offers.ask, name="ask_for_offer"),
]
