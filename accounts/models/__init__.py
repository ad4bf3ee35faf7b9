from accounts.models.audit import AccessEntry, Seal
from accounts.models.clients import ApiClient, IdempotencyRecord
from accounts.models.consents import Consent
from accounts.models.jobs import JobRun
from accounts.models.notices import Attempt, Event, Message, Notice, WebhookEndpoint
from accounts.models.people import AddressTries, Person, PhoneCode, User

__all__ = [
    "AccessEntry",
    "AddressTries",
    "ApiClient",
    "Attempt",
    "Consent",
    "Event",
    "IdempotencyRecord",
    "JobRun",
    "Message",
    "Notice",
    "Person",
    "PhoneCode",
    "Seal",
    "User",
    "WebhookEndpoint",
]
