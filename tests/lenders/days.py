"""The days on which these tests take place."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
TODAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=SHANGHAI)
# The same business date in Shanghai, the day before in London.
EARLY = datetime(2026, 11, 22, 16, 30, tzinfo=UTC)
