from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_clients'),
    ]

    operations = [
        migrations.CreateModel(
            name='AddressTries',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('address_index', models.CharField(max_length=64)),
                ('tries', models.PositiveSmallIntegerField()),
                ('since_at', models.DateTimeField()),
            ],
            options={
                'verbose_name': 'tries of a network address',
                'verbose_name_plural': 'tries of network addresses',
                'constraints': [models.UniqueConstraint(fields=('address_index',), name='address_tries_one_row'), models.CheckConstraint(condition=models.Q(('tries__lte', 20)), name='address_tries_at_most_twenty')],
            },
        ),
    ]
