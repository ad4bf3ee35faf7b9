from django.db import migrations, models


class Migration(migrations.Migration):

    # Room for a settlement's number beside the longest bank reference.

    dependencies = [
        ('billing', '0003_one_round_trip'),
    ]

    operations = [
        migrations.AlterField(
            model_name='transfer',
            name='reference',
            field=models.CharField(max_length=100, verbose_name='reference'),
        ),
    ]
