import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0009_reconciliation'),
    ]

    operations = [
        migrations.AddField(
            model_name='reconciliation',
            name='kinds',
            field=models.JSONField(default=dict, verbose_name='by kind'),
        ),
        migrations.AlterField(
            model_name='reconciliation',
            name='statement',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='billing.statement'),
        ),
    ]
