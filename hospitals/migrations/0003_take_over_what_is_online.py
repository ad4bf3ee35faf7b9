"""What was online before its steps and checklists were kept goes on lawfully: they are written as taken over."""

from django.db import migrations

# As the lists were on the day of this migration.
FOR_ALL = ("agreement", "interface", "training", "consulting", "go_live")
STEPS_OF = {
    "public": FOR_ALL,
    "community": FOR_ALL,
    "private": ("application", "negotiation", *FOR_ALL),
}
FOR_EACH = ("interface", "staff", "signs", "account")
ITEMS_OF = {
    "registration": FOR_EACH,
    "outpatient": (*FOR_EACH, "insurance"),
    "inpatient": (*FOR_EACH, "insurance", "admission"),
    "checkup": FOR_EACH,
    "nursing": (*FOR_EACH, "insurance"),
    "parking": (*FOR_EACH, "gate"),
}


def as_rows(wanted):
    return ", ".join(f"('{key}', '{value}')" for key, values in wanted.items() for value in values)


# Going live comes last, so that the trigger finds all others done.
STEPS = f"""
    INSERT INTO hospitals_onboardingtask
        (hospital_id, step, state, due_on, done_on, evidence, taken_over)
    SELECT hospital.id, wanted.step,
           CASE WHEN hospital.online_on IS NULL THEN 'todo' ELSE 'done' END, NULL, hospital.online_on, '',
           hospital.online_on IS NOT NULL
      FROM hospitals_hospital hospital
      JOIN (VALUES {as_rows(STEPS_OF)}) AS wanted (kind, step) ON wanted.kind = hospital.kind
     WHERE (wanted.step = 'go_live') = %s
     ORDER BY hospital.id"""  # noqa: S608 - the checklists' own constants

ITEMS = f"""
    INSERT INTO hospitals_scenecheck (hospital_id, scene, item, stands, "on", evidence, taken_over)
    SELECT scene.hospital_id, scene.scene, wanted.item, true, scene.live_on, '', true
      FROM hospitals_hospitalscene scene
      JOIN (VALUES {as_rows(ITEMS_OF)}) AS wanted (scene, item) ON wanted.scene = scene.scene
     ORDER BY scene.id"""  # noqa: S608


def take_over(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(STEPS, [False])
        cursor.execute(STEPS, [True])
        cursor.execute(ITEMS)


class Migration(migrations.Migration):
    dependencies = [("hospitals", "0002_onboarding_claims_and_two_person_payout")]

    operations = [
        migrations.RunSQL(
            "CREATE SEQUENCE hospitals_claim_number MAXVALUE 9999999 CYCLE",
            "DROP SEQUENCE hospitals_claim_number"
        ),
        migrations.RunPython(take_over, migrations.RunPython.noop),
    ]
