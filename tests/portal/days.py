"""One bill's life: treated on 9 January, due on 24 February (20 February is in the Spring Festival)."""

from datetime import date

TREATED = date(2026, 1, 9)
DUE = date(2026, 2, 24)
LATE_1 = date(2026, 2, 25)
LATE_10 = date(2026, 3, 6)
