import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import credit.models.family


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0004_queued_shares'),
        ('credit', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='creditaccount',
            name='caps_family',
            field=models.BooleanField(db_default=False, default=False, verbose_name='a relative has a limit'),
        ),
        migrations.AlterField(
            model_name='accountevent',
            name='kind',
            field=models.CharField(choices=[('opened', 'opened'), ('limit', 'limit changed'), ('family', 'limit of a relative changed'), ('hold', 'hold'), ('release', 'hold released'), ('charge', 'charge'), ('void', 'void'), ('refund', 'refund'), ('repayment', 'repayment'), ('suspended', 'suspended'), ('lifted', 'suspension lifted'), ('closed', 'closed')], max_length=10, verbose_name='kind'),
        ),
        migrations.AddField(
            model_name='familylink',
            name='agreed_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='agreement recorded by'),
        ),
        migrations.AddField(
            model_name='familylink',
            name='limit_fen',
            field=models.PositiveBigIntegerField(blank=True, null=True, verbose_name='limit of the relative'),
        ),
        migrations.AddField(
            model_name='familylink',
            name='reference',
            field=models.CharField(default='', editable=False, max_length=16, verbose_name='reference'),
            preserve_default=False,
        ),
        # Links made before they had references: hexadecimal is a part of the letters that references use.
        migrations.RunSQL(
            "UPDATE credit_familylink"
            " SET reference = 'F' || upper(substr(replace(gen_random_uuid()::text, '-', ''), 1, 12))",
            migrations.RunSQL.noop,
        ),
        migrations.AlterField(
            model_name='familylink',
            name='reference',
            field=models.CharField(default=credit.models.family.new_reference, editable=False, max_length=16, unique=True, verbose_name='reference'),
        ),
        migrations.AddConstraint(
            model_name='familylink',
            constraint=models.CheckConstraint(condition=models.Q(('limit_fen', None), ('limit_fen__gt', 0), _connector='OR'), name='family_limit_positive'),
        ),
        migrations.AddConstraint(
            model_name='familylink',
            constraint=models.CheckConstraint(condition=models.Q(('agreed_by', None), ('agreed_at__isnull', False), _connector='OR'), name='family_recorded_agreement_has_its_time'),
        ),
    ]
