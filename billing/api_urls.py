"""Under /api/v1/: what hospitals charge and lenders pay."""

from django.urls import path

from billing.api import hospital, hospital_settlements, insurance, invoices, lender, statements

urlpatterns = [
    path("hospital/eligibility", hospital.Eligibility.as_view(), name="api_eligibility"),
    path("hospital/visits", hospital.Visits.as_view(), name="api_visits"),
    path("hospital/visits/<str:number>/items", hospital.VisitItems.as_view(), name="api_visit_items"),
    path("hospital/visits/<str:number>/settle", hospital.VisitSettlement.as_view(), name="api_visit_settle"),
    path(
        "hospital/visits/<str:number>/cancel", hospital.VisitCancellation.as_view(), name="api_visit_cancel"
    ),
    path("hospital/bills", hospital.Bills.as_view(), name="api_bills"),
    path("hospital/bills/batch", hospital.BillBatch.as_view(), name="api_bill_batch"),
    path("hospital/bills/<str:number>/void", hospital.BillVoid.as_view(), name="api_bill_void"),
    path("hospital/bills/<str:number>/refunds", hospital.BillRefunds.as_view(), name="api_bill_refunds"),
    path(
        "hospital/bills/<str:number>/insurance", insurance.BillInsurance.as_view(), name="api_bill_insurance"
    ),
    path(
        "hospital/bills/<str:number>/uninsured", insurance.BillUninsured.as_view(), name="api_bill_uninsured"
    ),
    path("hospital/bills/<str:number>/e-invoice", invoices.BillInvoice.as_view(), name="api_bill_invoice"),
    path(
        "hospital/bills/<str:number>/e-invoice/red",
        invoices.BillRedInvoice.as_view(),
        name="api_bill_red_invoice",
    ),
    path(
        "hospital/settlements",
        hospital_settlements.HospitalSettlements.as_view(),
        name="api_hospital_settlements",
    ),
    path(
        "hospital/settlements/<str:number>/reconcile",
        hospital_settlements.SettlementReconciliation.as_view(),
        name="api_settlement_reconcile",
    ),
    path("hospital/statements", statements.HospitalStatements.as_view(), name="api_hospital_statements"),
    path("hospital/differences", statements.HospitalDifferences.as_view(), name="api_hospital_differences"),
    path("lender/statements", statements.LenderStatements.as_view(), name="api_lender_statements"),
    path("lender/differences", statements.LenderDifferences.as_view(), name="api_lender_differences"),
    path("lender/bills", lender.LenderBills.as_view(), name="api_lender_bills"),
    path("lender/settlements", lender.LenderSettlements.as_view(), name="api_lender_settlements"),
    path("lender/settlements/<str:number>/payout", lender.Payout.as_view(), name="api_payout"),
    path("lender/settlements/<str:number>/return", lender.PayoutReturn.as_view(), name="api_payout_return"),
    path("lender/repayments", lender.Repayments.as_view(), name="api_repayments"),
    path("lender/collections", lender.Collections.as_view(), name="api_collections"),
    path(
        "lender/collections/<str:id>/result", lender.CollectionResult.as_view(), name="api_collection_result"
    ),
]
