"""The pages: a front page, and the inbox of every phone for whoever waits for the code of an enrolment."""

from html import escape

from sandbox.sms import Gateway, Message
from sandbox.web import Answer, Request, Router

SHOWN = 200

FRAME = """<!doctype html>
<html lang="zh-Hans">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="stylesheet" href="/inbox/style.css">
</head>
<body>
<main>
{content}
</main>
</body>
</html>
"""
_FRONT = """<h1>沙盒 <span lang="en">Sandbox</span></h1>
<p>信用分运营方、短信网关、其他场景、身份核验、公众号、银行与医院系统的替身。</p>
<ul>
<li><a href="/inbox/">收件箱 <span lang="en">Inbox</span></a></li>
<li><a href="/score/events">告知信用分运营方的事件 <span lang="en">Score events</span></a></li>
<li><a href="/scenes/events">告知其他场景的事件 <span lang="en">Scene events</span></a></li>
</ul>"""
_INBOX = """<h1>收件箱 <span lang="en">Inbox</span></h1>
<form action="/inbox/" method="get">
<label for="phone">手机号 <span lang="en">Phone</span></label>
<input id="phone" name="phone" value="{phone}" inputmode="numeric" autocomplete="off">
<button>查找 <span lang="en">Search</span></button>
</form>
{messages}"""
_MESSAGE = """<article>
<h2>{phone}</h2>
<p class="text">{text}</p>
<p class="about">{channel} · {state} · {reference}</p>
</article>"""
_EMPTY = '<p>还没有短信。重新获取验证码,然后刷新本页。 <span lang="en">No messages yet.</span></p>'
_CHANNELS = {"sms": "短信", "voice": "语音"}
_STATES = {"delivered": "已送达", "failed": "未送达", "accepted": "发送中"}
_STYLE = """:root { color-scheme: light dark; font: 16px/1.5 "PingFang SC", "Noto Sans CJK SC", sans-serif; }
main { max-width: 40rem; margin: 0 auto; padding: 16px; }
input, button { font: inherit; min-height: 48px; padding: 0 12px; max-width: 100%; }
article { border-top: 1px solid; padding: 8px 0; overflow-wrap: anywhere; }
h2 { font-size: 16px; margin: 0; }
.text { font-size: 19px; margin: 4px 0; white-space: pre-wrap; }
.about { font-size: 14px; margin: 0; }
"""


class Inbox:
    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway

    def routes(self, router: Router) -> None:
        router.add("GET", "/", self.front)
        router.add("GET", "/inbox/", self.page)
        router.add("GET", "/inbox/style.css", lambda request: Answer(_STYLE, content_type="text/css"))

    def front(self, request: Request) -> Answer:
        return Answer(FRAME.format(title="沙盒 Sandbox", content=_FRONT), content_type="text/html")

    def page(self, request: Request) -> Answer:
        phone = request.query("phone").strip()
        shown = [self.entry(message) for message in self.gateway.newest_first(phone)[:SHOWN]]
        content = _INBOX.format(phone=escape(phone), messages="\n".join(shown) or _EMPTY)
        return Answer(FRAME.format(title="收件箱 Inbox", content=content), content_type="text/html")

    def entry(self, message: Message) -> str:
        return _MESSAGE.format(
            phone=escape(message.phone),
            text=escape(message.text),
            channel=_CHANNELS[message.channel],
            state=_STATES[self.gateway.state(message.reference)["state"]],
            reference=escape(message.reference),
        )
