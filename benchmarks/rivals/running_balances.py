"""A ledger that keeps running balances under row locks, in SQL from psycopg2."""

from __future__ import annotations

import os
from contextlib import closing
from random import Random
from uuid import uuid4

import psycopg2

# In the order of their ids, so that two transfers never wait for each other in a ring.
_LOCK = "SELECT id FROM floor_account WHERE id IN (%(debit)s, %(credit)s) ORDER BY id FOR UPDATE"
_MOVE = """
    UPDATE floor_account
       SET balance_fen = balance_fen + CASE id WHEN %(debit)s THEN %(amount)s ELSE -%(amount)s END
     WHERE id IN (%(debit)s, %(credit)s)"""
_KEEP = """
    INSERT INTO floor_posting (debit_id, credit_id, amount_fen, kind, reference, business_on, at)
    VALUES (%(debit)s, %(credit)s, %(amount)s, 'charge', %(reference)s, current_date, now())"""


def post_many(*, transfers: int, is_hot: bool, seed: int) -> int:
    """In a hand: the same movements as ours, each account's balance brought along."""
    lots, run = Random(seed), uuid4().hex[:8]  # noqa: S311 - lots, not secrets
    with closing(psycopg2.connect(os.environ["DATABASE_URL"])) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM billing_ledgeraccount WHERE kind = 'receivable' ORDER BY id LIMIT 1000"
        )
        payers = [row[0] for row in cursor.fetchall()]
        cursor.execute("SELECT id FROM billing_ledgeraccount WHERE kind = 'payable' ORDER BY id")
        hospitals = [row[0] for row in cursor.fetchall()]
        connection.commit()
        for number in range(transfers):
            values = {
                "debit": lots.choice(payers),
                "credit": hospitals[0] if is_hot else lots.choice(hospitals),
                "amount": 100,
                "reference": f"{run}-{number}",
            }
            for statement in (_LOCK, _MOVE, _KEEP):
                cursor.execute(statement, values)
            connection.commit()
    return transfers
