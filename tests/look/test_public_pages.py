"""Pages for everybody, in both languages; signing in; how the reader's look is kept; what errors say."""

import pytest
from django.test import Client

from accounts.models import User

PUBLIC = ["/", "/help/", "/privacy/", "/accessibility/", "/status/", "/problems/", "/sign-in/"]
PASSWORD = "correct horse battery staple"  # noqa: S105

pytestmark = pytest.mark.django_db


def user(role: str) -> User:
    return User.objects.create_user(username=role, password=PASSWORD, role=role)


@pytest.mark.parametrize("path", PUBLIC)
@pytest.mark.parametrize(("prefix", "other"), [("", "/en"), ("/en", "")])
def test_public_pages_stand_in_both_languages_and_lead_to_each_other(client: Client, path, prefix, other):
    response = client.get(prefix + path)
    assert response.status_code == 200
    assert f'href="{other}{path}"' in response.content.decode()


@pytest.mark.parametrize("path", PUBLIC)
def test_public_pages_take_no_post_and_no_put(path: str):
    for method in ("put", "delete") if path == "/sign-in/" else ("post", "put", "delete"):
        expected = 200 if (path, method) == ("/sign-in/", "put") else 405
        assert getattr(Client(), method)(path).status_code == expected


def test_the_front_page_says_what_it_costs_and_offers_one_way_in(client: Client):
    page = client.get("/en/").content.decode()
    assert "Nothing for at least 42 days." in page
    assert page.count('class="button button--primary"') == 1


def test_the_scheme_is_named_by_the_settings(client: Client, settings):
    settings.SCHEME = {**settings.SCHEME, "city_en": "Fuzhou", "scheme_en": "Care on Credit"}
    page = client.get("/en/").content.decode()
    assert "Care on Credit" in page
    assert "Fuzhou" in page
    assert "Xiamen" not in page


@pytest.mark.parametrize(
    ("posted", "attribute"),
    [
        ({"elder": "large"}, 'data-elder="large"'),
        ({"elder": "largest"}, 'data-elder="largest"'),
        ({"theme": "dark"}, 'data-theme="dark"'),
    ],
)
def test_a_look_is_remembered_and_the_reader_stays_on_the_page(client: Client, posted, attribute):
    response = client.post("/look/", {**posted, "next": "/en/help/?q=1"})
    assert response["Location"] == "/en/help/?q=1"
    assert attribute in client.get("/help/").content.decode()
    client.post("/look/", dict.fromkeys(posted, ""))
    assert attribute not in client.get("/help/").content.decode()


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", ""])
def test_the_look_form_sends_nobody_to_another_site(client: Client, target: str):
    assert client.post("/look/", {"theme": "dark", "next": target})["Location"] == "/"


@pytest.mark.parametrize("value", ["huge", '"><script>', "large; Path=/"])
def test_a_look_that_does_not_exist_is_not_taken(client: Client, value: str):
    client.post("/look/", {"elder": value, "theme": value})
    client.cookies["elder"] = value
    page = client.get("/").content.decode()
    assert "data-elder" not in page
    assert "data-theme" not in page


def test_the_look_form_demands_its_token():
    response = Client(enforce_csrf_checks=True).post("/look/", {"theme": "dark"})
    assert response.status_code == 403


@pytest.mark.parametrize(
    ("role", "front"),
    [("citizen", "/me/"), ("cashier", "/desk/"), ("lender", "/lender/"), ("regulator", "/gov/")],
)
def test_signing_in_leads_to_where_the_work_begins(client: Client, role: str, front: str):
    user(role)
    response = client.post("/sign-in/", {"username": role, "password": PASSWORD})
    assert response["Location"] == "/start/"
    assert client.get("/start/")["Location"] in {front, "/enrol/check/", "/"}


def test_signing_in_goes_on_to_the_page_that_was_asked_for(client: Client):
    user("citizen")
    asked = client.get("/en/me/account/")
    assert asked["Location"] == "/en/sign-in/?next=/en/me/account/"
    answered = client.post(
        "/en/sign-in/", {"username": "citizen", "password": PASSWORD, "next": "/en/me/account/"}
    )
    assert answered["Location"] == "/en/me/account/"


def test_a_wrong_password_and_an_unknown_name_read_the_same(client: Client):
    user("citizen")
    pages = [
        client.post("/en/sign-in/", {"username": name, "password": "wrong"}).content.decode()
        for name in ("citizen", "nobody")
    ]
    for page in pages:
        assert "The user name or the password is not right." in page
        assert 'role="alert"' in page


def test_an_inactive_user_reads_the_same_too(client: Client):
    User.objects.create_user(username="left", password=PASSWORD, role="cashier", is_active=False)
    page = client.post("/en/sign-in/", {"username": "left", "password": PASSWORD}).content.decode()
    assert "The user name or the password is not right." in page


def test_signing_out_needs_a_post(client: Client):
    client.force_login(user("citizen"))
    assert client.get("/sign-out/").status_code == 405
    assert client.post("/sign-out/")["Location"] == "/"
    assert client.get("/me/account/").status_code == 302


def test_me_is_for_citizens(client: Client):
    client.force_login(user("cashier"))
    assert client.get("/me/account/")["Location"] == "/start/"


def test_me_shows_people_masked(client: Client, citizen_user: User):
    client.force_login(citizen_user)
    page = client.get("/me/account/").content.decode()
    assert "张*三" in page
    assert "110***********002X" in page
    assert "138****5678" in page
    assert "张小三" not in page
    assert "11010519491231002X" not in page
    assert "13812345678" not in page


def test_status_tells_the_same_as_the_health_check(client: Client):
    assert "Charging, repaying, bills" in client.get("/en/status/").content.decode()


@pytest.mark.urls("tests.look.pages")
@pytest.mark.parametrize("prefix", ["", "/en"])
def test_an_unknown_page_says_so_in_the_readers_language(client: Client, prefix: str):
    response = client.get(f"{prefix}/no-such-page/")
    assert response.status_code == 404
    assert f'<html lang="{"en" if prefix else "zh-Hans"}">' in response.content.decode()


@pytest.mark.urls("tests.look.pages")
def test_a_machine_that_asks_for_an_unknown_address_gets_a_problem(client: Client):
    response = client.get("/api/v1/no-such-thing")
    assert response.status_code == 404
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["status"] == 404


@pytest.mark.urls("tests.look.pages")
def test_a_mistake_of_ours_is_owned_up_to_without_asking_the_database(
    client: Client, django_assert_num_queries
):
    client.raise_request_exception = False
    with django_assert_num_queries(0):
        response = client.get("/en/sample/broken/")
    assert response.status_code == 500
    assert "Sorry, something went wrong" in response.content.decode()
