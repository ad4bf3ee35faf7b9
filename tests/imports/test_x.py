import io
from billing.models import *
from billing.operations.imports import *
from tests.cast import Town
from datetime import date
import pytest
pytestmark=pytest.mark.django_db
def test_x(town):
    lin=town.enrol()
    at=town.at(date(2026,1,9))
    from django.contrib.auth import get_user_model
    u=User.objects.create_user("wu",role="cashier")
    head="visit_number,credit_code,scene,items,self_paid_fen\n"
    body="".join(f"MZ-{i},{lin.credit_code},outpatient,诊查费=100,100\n" for i in range(250))
    f=io.BytesIO((head+body).encode())
    b=receive_file(hospital=town.hospital,kind="bills",business_on=None,file=f,file_name="a.csv",declared_rows=250,declared_fen=25000,user=u,at=at)
    while work_on_import(pk=b.pk,at=at): pass
    b.refresh_from_db(); print(b.__dict__); print(list(b.failures.values()))
    assert b.state=="done"
    assert town.broken_books(date(2026,1,9))=={}
