"""A citizen's pages about their bills."""

from django.urls import path

from billing.views import portal, portal_bills, portal_repay, portal_standing

urlpatterns = [
    path("me/", portal.home, name="me"),
    path("me/reminders/", portal.reminders, name="reminders"),
    path("me/suspension/", portal_standing.suspension, name="suspension"),
    path("me/repair/", portal_standing.repair, name="repair"),
    path("me/repair/apply/", portal_standing.apply, name="apply_for_repair"),
    path("me/balance/", portal.balance, name="balance"),
    path("me/balance/<str:number>/", portal.withdrawal, name="withdrawal"),
    path("me/bills/", portal_bills.bills, name="bills"),
    path("me/bills/<str:number>/", portal_bills.bill, name="bill"),
    path("me/bills/<str:number>/charges/", portal_bills.charges, name="bill_charges"),
    path("me/bills/<str:number>/due.ics", portal_bills.due, name="bill_due"),
    path("me/bills/<str:number>/object/", portal_bills.object_to_bill, name="object_to_bill"),
    path("me/bills/<str:number>/objection/", portal_bills.objection, name="objection"),
    path("me/repay/", portal_repay.repay, name="repay"),
    path("me/repay/check/", portal_repay.check, name="check_repayment"),
    path("me/repay/<str:number>/", portal_repay.repayment, name="repayment"),
]
