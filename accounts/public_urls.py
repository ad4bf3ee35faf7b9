"""Public pages, signing in and out, and the reader's own settings. Names without a namespace."""

from django.urls import path

from accounts.views import (
    account,
    export,
    looks,
    messages,
    official_accounts,
    phone_sign_in,
    public,
    recheck,
    sign_outs,
)

urlpatterns = [
    path("", public.home, name="home"),
    path("help/", public.help_page, name="help"),
    path("privacy/", public.privacy, name="privacy"),
    path("accessibility/", public.accessibility, name="accessibility"),
    path("look/", public.set_look, name="set_look"),
    path("sign-in/", public.SignIn.as_view(), name="sign_in"),
    path("sign-in/phone/", phone_sign_in.phone_sign_in, name="phone_sign_in"),
    path("sign-in/with/<slug:code>/", official_accounts.start, name="official_account"),
    path("sign-in/with/<slug:code>/back/", official_accounts.back, name="official_account_back"),
    path("sign-out/everywhere/", sign_outs.everywhere, name="sign_out_everywhere"),
    path("sign-out/", public.SignOut.as_view(), name="sign_out"),
    path("start/", public.landing, name="landing"),
    path("me/account/", public.account, name="account"),
    path("me/account/phone/", account.phone, name="change_phone"),
    path("me/account/language/", account.language, name="change_language"),
    path("me/account/check/", recheck.recheck, name="recheck"),
    path("me/access-log/", looks.access_log, name="access_log"),
    path("me/export/", export.export, name="export"),
    path("me/export/file/", export.file, name="export_file"),
    path("me/messages/", messages.inbox, name="messages"),
    path("me/messages/<str:number>/", messages.message, name="message"),
]
