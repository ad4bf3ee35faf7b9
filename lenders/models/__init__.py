from lenders.models.lenders import (
    FACILITY_TRANSITIONS,
    Facility,
    Lender,
    LenderClient,
    LenderFiling,
    LenderStaff,
    Product,
    code_shape,
    new_reference,
)
from lenders.models.offers import Offer, OfferRequest

__all__ = [
    "FACILITY_TRANSITIONS",
    "Facility",
    "Lender",
    "LenderClient",
    "LenderFiling",
    "LenderStaff",
    "Offer",
    "OfferRequest",
    "Product",
    "code_shape",
    "new_reference",
]
