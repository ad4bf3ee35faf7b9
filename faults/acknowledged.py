"""What clients saw acknowledged: a file that only grows, compared with the database (invariant 14)."""

import json
import os
import threading
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from faults.addresses import HOME
from tools import services

# The visit number of a charge is its key, so that a second effect would be seen without our own records.
_BILLS = """
    SELECT visit.hospital_visit_no, bill.number, bill.financed_fen
      FROM billing_bill bill JOIN billing_visit visit ON visit.id = bill.visit_id
     WHERE visit.hospital_visit_no <> '' AND bill.state <> 'void'"""


class Charge(NamedTuple):
    key: str
    number: str
    financed_fen: int


class Acknowledged:
    """One line for each charge whose 201 a client has read to its end, kept before the next is asked for."""

    def __init__(self, name: str) -> None:
        self.path = Path(os.environ[HOME]) / f"acknowledged-{name}"
        self.lock = threading.Lock()
        self.file = self.path.open("a")

    def write(self, charge: Charge) -> None:
        with self.lock:
            self.file.write(json.dumps(charge) + "\n")
            self.file.flush()
            os.fsync(self.file.fileno())

    def read(self) -> list[Charge]:
        return [Charge(*json.loads(line)) for line in self.path.read_text().splitlines()]

    def violations(self, database: str) -> list[str]:
        """Charges that are not there as they were acknowledged, and effects that are there twice."""
        with services.cursor(database) as cursor:
            cursor.execute(_BILLS)
            there = [Charge(*row) for row in cursor.fetchall()]
        held, times = set(there), Counter(charge.key for charge in there)
        lost = {charge for charge in self.read() if charge not in held}
        return [
            *(f"acknowledged and not there: {charge.key} {charge.number}" for charge in sorted(lost)),
            *(f"{count} bills of one key: {key}" for key, count in times.items() if count > 1),
        ]
