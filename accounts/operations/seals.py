"""Hash chains over the append-only tables (Article 32): each row is sealed to the one before it with SM3.

Rows are sealed by one asynchronous sealer, not as they are written: a chain inside the transaction would make
every writer wait for the one before. A row that commits late is sealed late, in the place where the chain
stands.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.apps import apps
from django.db import connection, transaction
from django.db.models import Exists, OuterRef

from accounts.chained import ChainedModel
from accounts.models import Seal
from common.articles import enforces
from common.crypto import sm3

CHUNK = 1000


@dataclass(frozen=True)
class Break:
    """Where a chain does not hold: `gap` (a seal is missing), `missing_row`, or `changed` (the digest
    differs).
    """

    chain: str
    seq: int
    row_id: int | None
    kind: str


def chained_models() -> list[type[ChainedModel]]:
    return [model for model in apps.get_models() if issubclass(model, ChainedModel)]


def link(previous: str, row: ChainedModel) -> str:
    return sm3(previous.encode() + row.canonical())


def _got_lock(chain: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [f"seal {chain}"])
        return cursor.fetchone()[0]


def _seal_chunk(model: type[ChainedModel], at: datetime) -> list[Seal]:
    chain = model.chain()
    with transaction.atomic():
        if not _got_lock(chain):
            return []
        last = Seal.objects.filter(chain=chain).order_by("-seq").first()
        seq, digest = (last.seq, last.digest) if last else (0, "")
        sealed = Seal.objects.filter(chain=chain, row_id=OuterRef("pk"))
        seals = []
        for row in model._default_manager.filter(~Exists(sealed)).order_by("pk")[:CHUNK]:
            seq, digest = seq + 1, link(digest, row)
            seals.append(Seal(chain=chain, seq=seq, row_id=row.pk, digest=digest, sealed_at=at))
        return Seal.objects.bulk_create(seals)


def _witness(path: Path, seal: Seal) -> None:
    with path.open("a", encoding="ascii") as file:
        file.write(f"{seal.chain} {seal.seq} {seal.digest}\n")
        file.flush()
        os.fsync(file.fileno())


@enforces(32)
def seal_chains(*, at: datetime, witness: Path | None = None) -> dict[str, int]:
    """Seals every committed row that has no seal yet; how many, by chain.

    Two sealers at once: the second leaves the chain to the first. `witness` is a file outside the database to
    which the head of the chain is appended after each commit: whoever rewrites the whole chain would have to
    rewrite it too.
    """
    counts: dict[str, int] = {}
    for model in chained_models():
        counts[model.chain()] = 0
        while seals := _seal_chunk(model, at):
            counts[model.chain()] += len(seals)
            if witness is not None:
                _witness(witness, seals[-1])
            if len(seals) < CHUNK:
                break
    return counts


def _chunks(chain: str) -> Iterator[list[Seal]]:
    seq = 0
    while seals := list(Seal.objects.filter(chain=chain, seq__gt=seq).order_by("seq")[:CHUNK]):
        yield seals
        seq = seals[-1].seq


def _breaks(model: type[ChainedModel]) -> Iterator[Break]:
    chain = model.chain()
    expected, digest = 1, ""
    for seals in _chunks(chain):
        rows = model._default_manager.in_bulk([seal.row_id for seal in seals])
        for seal in seals:
            row = rows.get(seal.row_id)
            if seal.seq != expected:
                yield Break(chain, expected, None, "gap")
            elif row is None:
                yield Break(chain, seal.seq, seal.row_id, "missing_row")
            elif link(digest, row) != seal.digest:
                yield Break(chain, seal.seq, seal.row_id, "changed")
            expected, digest = seal.seq + 1, seal.digest


def _witnessed_breaks(path: Path) -> Iterator[Break]:
    chains = {model.chain() for model in chained_models()}
    with path.open(encoding="ascii") as file:
        for line in file:
            chain, seq, digest = line.split()
            if chain not in chains:
                continue
            seal = Seal.objects.filter(chain=chain, seq=int(seq)).first()
            if seal is None:
                yield Break(chain, int(seq), None, "gap")
            elif seal.digest != digest:
                yield Break(chain, seal.seq, seal.row_id, "changed")


@enforces(32)
def verify_chains(*, witness: Path | None = None) -> list[Break]:
    """Walks every chain from its first to its last sealed row, and past the witness file; what does not hold.

    Each link is measured against the stored digest before it, so that one change shows as one break.
    """
    breaks = [found for model in chained_models() for found in _breaks(model)]
    if witness is not None and witness.exists():
        breaks += _witnessed_breaks(witness)
    return breaks
