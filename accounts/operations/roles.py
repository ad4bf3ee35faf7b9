"""The database role of the application: it owns nothing, and what only grows it cannot change."""

from __future__ import annotations

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _
from psycopg2 import sql

from accounts.chained import append_only_models
from common.articles import enforces
from common.errors import BadInput

# Everything is taken first, so that nothing given by hand is left over.
_GRANTS = """
    REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {role};
    GRANT USAGE ON SCHEMA {schema} TO {role};
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {role};
    REVOKE UPDATE, DELETE, TRUNCATE ON {append_only} FROM {role};
    GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {role};
    GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA {schema} TO {role};
"""

# A superuser, too, counts as a member of every role.
_OWNED = """
    SELECT count(*) FROM pg_tables
     WHERE schemaname = current_schema() AND pg_has_role(%s, tableowner, 'MEMBER')"""

_CHANGEABLE = """
    SELECT string_agg(name, ', ' ORDER BY name) FROM unnest(%s::text[]) AS name
     WHERE has_table_privilege(%s, name, 'UPDATE, DELETE, TRUNCATE')"""


@enforces(32)
@transaction.atomic
def grant_role(*, role: str) -> list[str]:
    """Lets a role use every table and change none that only grows; the names of those tables.

    Called by the owner of the tables after each migration, as often as one likes. Raises BadInput for a role
    that does not exist, owns tables or acts for their owner, or may change such a table by other grants.
    """
    tables = sorted(model._meta.db_table for model in append_only_models())
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema() FROM pg_roles WHERE rolname = %s", [role])
        found = cursor.fetchone()
        if found is None:
            raise BadInput(_("There is no database role “%(role)s”."), field="role", role=role)
        cursor.execute(_OWNED, [role])
        if cursor.fetchone()[0]:
            raise BadInput(
                _("The role “%(role)s” owns tables, or acts for their owner: no grant would bind it."),
                field="role",
                role=role,
            )
        cursor.execute(
            sql.SQL(_GRANTS).format(
                schema=sql.Identifier(found[0]),
                role=sql.Identifier(role),
                append_only=sql.SQL(", ").join(map(sql.Identifier, tables)),
            )
        )
        cursor.execute(_CHANGEABLE, [tables, role])
        [changeable] = cursor.fetchone()
        if changeable:
            raise BadInput(
                _("By other grants the role “%(role)s” may still change what only grows: %(tables)s."),
                field="role",
                role=role,
                tables=changeable,
            )
    return tables
