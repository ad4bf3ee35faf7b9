"""Pure helpers: no tables, no clock, and nothing of the floors above."""
