"""Pages about hospitals: for everyone, for the operator and for the finance bureau."""

from django.urls import path

from hospitals.views import claims, onboarding, public

urlpatterns = [
    path("hospitals/", public.hospitals, name="hospitals"),
    path("ops/onboarding/", onboarding.institutions, name="onboarding"),
    path("ops/onboarding/new/", onboarding.new, name="onboarding_new"),
    path("ops/onboarding/<str:code>/", onboarding.institution, name="onboarding_of"),
    path("ops/onboarding/<str:code>/trainings/new/", onboarding.training, name="onboarding_training"),
    path("ops/onboarding/<str:code>/<slug:step>/", onboarding.step, name="onboarding_step"),
    path("ops/onboarding/<str:code>/<slug:step>/plan/", onboarding.plan, name="onboarding_plan"),
    path("ops/onboarding/<str:code>/<slug:step>/begin/", onboarding.begin, name="onboarding_begin"),
    path("ops/onboarding/<str:code>/<slug:step>/reopen/", onboarding.reopen, name="onboarding_reopen"),
    path("gov/claims/", claims.claims, name="claims"),
    path("gov/claims/<str:number>/", claims.claim, name="claim"),
    path("gov/claims/<str:number>/payment/", claims.payment, name="claim_payment"),
]
