"""The cases, in the order in which the reference hospital goes through them, in words for engineers.

In a task `{visit}` is the number that the hospital gives the visit, `{patient}` the patient's resident ID.
"""

from __future__ import annotations

from sandbox.conformance import cases
from sandbox.conformance.judging import Case, Judge, Words, recovers
from sandbox.conformance.plan import Plan


def _case(
    code: str,
    judge: Judge,
    title: tuple[str, str],
    task: tuple[str, str],
    expected: tuple[str, str],
    *,
    optional: bool = False,
) -> Case:
    return Case(code, Words(*title), Words(*task), Words(*expected), judge, optional)


def _bad_day(code: str, title: tuple[str, str], expected: tuple[str, str]) -> Case:
    task = (
        "为患者 {patient} 的就诊 {visit} 收费:门诊,一项 5.00 元,医保各部分为 0,自费 5.00 元。",
        "Charge patient {patient} for visit {visit}: outpatient, one item of ¥5.00, insurance parts 0,"
        " self-paid ¥5.00.",
    )
    return _case(code, recovers(code), title, task, expected)


TOKEN = _case(
    "token",
    cases.token,
    ("访问令牌", "A token"),
    (
        "用客户端编号和密钥换取令牌,并在其有效期内重复使用。",
        "Exchange client ID and secret for a token, and use it for as long as it lives.",
    ),
    (
        f"200;整个过程最多取 {cases.MOST_TOKENS} 次令牌",
        f"200; at most {cases.MOST_TOKENS} tokens in the whole run",
    ),
)
STATEMENT = _case(
    "statement",
    cases.statement,
    ("对账单", "The day's statement"),
    (
        "按文档报送今日对账单(POST /hospital/statements)。",
        "Send today's statement as the documentation has it (POST /hospital/statements).",
    ),
    ("201,行数相符", "201, taken with every line"),
    optional=True,
)
CASES = (
    TOKEN,
    _case(
        "eligibility",
        cases.eligibility,
        ("可否信用支付", "Eligibility"),
        (
            "查询患者 {patient} 可否信用支付。",
            "Ask whether patient {patient} can pay by credit.",
        ),
        ("200,读出可用额度", "200, and the available amount is read"),
    ),
    _case(
        "charge",
        cases.charge,
        ("一步收费", "Charge in one step"),
        (
            "就诊 {visit}:门诊;诊查费 20.00 元,血常规 15.50 元;统筹 10.00 元,个账 5.00 元;自费 20.50 元。",
            "Visit {visit}: outpatient; 诊查费 ¥20.00, 血常规 ¥15.50; pooled fund ¥10.00,"
            " personal account ¥5.00; self-paid ¥20.50.",
        ),
        ("平台恰有一张账单,每个金额分文不差", "Exactly one bill, every amount to the fen"),
    ),
    _case(
        "fhir",
        cases.fhir,
        ("FHIR Invoice 收费", "Charge by a FHIR Invoice"),
        (
            "就诊 {visit}:与上一案例相同的费用,以 FHIR R4 或 R5 Invoice 报送(application/fhir+json)。",
            "Visit {visit}: the same charge as before, as a FHIR R4 or R5 Invoice (application/fhir+json).",
        ),
        ("同样的账单", "The same bill"),
        optional=True,
    ),
    _case(
        "part_finance",
        cases.part_finance,
        ("额度不足", "More than the limit"),
        (
            "就诊 {visit}:自费为可用额度再加 100 元;医保各部分为 0。收到账单后当日撤销。",
            "Visit {visit}: self-paid is what is available and ¥100 more; insurance parts 0."
            " Then void the bill.",
        ),
        (
            "账单同时写明信用支付与现场支付,随后撤销",
            "The bill says what credit pays and what is paid on the spot; then it is void",
        ),
    ),
    _case(
        "batch",
        cases.batch,
        ("批量收费,其中有错", "A batch with bad ones"),
        (
            "一次批量报送四笔,各 5.00 元,依次为:{visit}-1;{visit}-2,自费少报一分;{visit}-3,患者为"
            " 11010519491231002X;{visit}-4。",
            "One batch of four charges of ¥5.00: {visit}-1; {visit}-2 with one fen too little self-paid;"
            " {visit}-3 for patient 11010519491231002X; {visit}-4.",
        ),
        ("逐笔答复 201、422、409、201,只有两张账单", "Answered 201, 422, 409, 201, and two bills"),
    ),
    _case(
        "replay",
        cases.replay,
        ("同键重发", "The same again"),
        (
            "就诊 {visit}:收 5.00 元自费;再以同一 Idempotency-Key 原样重发一次。",
            "Visit {visit}: charge ¥5.00; then send the same once more with the same Idempotency-Key.",
        ),
        ("第二次带 Idempotency-Replayed,只有一张账单", "The second is replayed, and there is one bill"),
    ),
    _case(
        "key_conflict",
        cases.key_conflict,
        ("同键不同内容", "The same key for something else"),
        (
            "就诊 {visit}:收 5.00 元自费;再以同一 Idempotency-Key 报送另一金额。",
            "Visit {visit}: charge ¥5.00; then send another amount with the same Idempotency-Key.",
        ),
        ("422 idempotency_key_reused,第一张账单不变", "422 idempotency_key_reused; the first bill stands"),
    ),
    _case(
        "visit",
        cases.visit,
        ("就医:预占、上报、结算", "A visit: hold, items, settle"),
        (
            "就诊 {visit}:住院,预占 10.00 元;上报床位费 3.00 元;结算时再加药费 5.00 元,统筹 2.00 元,"
            "自费 6.00 元。",
            "Visit {visit}: inpatient, hold ¥10.00; report 床位费 ¥3.00; settle with 药费 ¥5.00,"
            " pooled fund ¥2.00, self-paid ¥6.00.",
        ),
        ("201、200、201;账单合计 8.00 元", "201, 200, 201; a bill of ¥8.00 in all"),
    ),
    _case(
        "cancel",
        cases.cancel,
        ("取消就医", "Cancel a visit"),
        (
            "就诊 {visit}:门诊,预占 10.00 元;随后取消。",
            "Visit {visit}: outpatient, hold ¥10.00; then cancel it.",
        ),
        ("预占全部释放,没有账单", "The hold is released, and there is no bill"),
    ),
    _case(
        "void",
        cases.void,
        ("当日撤销", "Void"),
        (
            "就诊 {visit}:收 5.00 元自费;随后撤销。",
            "Visit {visit}: charge ¥5.00; then void the bill.",
        ),
        ("账单状态 void", "The bill is void"),
    ),
    _case(
        "refund_part",
        cases.refund_part,
        ("部分退款", "Refund a part"),
        (
            "就诊 {visit}:收 5.00 元自费;随后退 2.00 元。",
            "Visit {visit}: charge ¥5.00; then refund ¥2.00.",
        ),
        ("201,已退 2.00 元", "201, ¥2.00 refunded"),
    ),
    _case(
        "refund_whole",
        cases.refund_whole,
        ("全额退款", "Refund the whole"),
        (
            "就诊 {visit}:收 5.00 元自费;随后全退。",
            "Visit {visit}: charge ¥5.00; then refund all of it.",
        ),
        ("201,已退 5.00 元", "201, ¥5.00 refunded"),
    ),
    _case(
        "refund_too_much",
        cases.refund_too_much,
        ("退款过多", "Refund too much"),
        (
            "就诊 {visit}:收 5.00 元自费;随后试退 5.01 元。",
            "Visit {visit}: charge ¥5.00; then try to refund ¥5.01.",
        ),
        ("409 cannot_refund,不重试,账单不变", "409 cannot_refund, not tried again, the bill unchanged"),
    ),
    _case(
        "late_insurance",
        cases.late_insurance,
        ("医保后结", "Insurance settles later"),
        (
            "就诊 {visit}:收 5.00 元自费,insurance 为 null;随后补报统筹 3.00 元。",
            "Visit {visit}: charge ¥5.00 with insurance null; then settle the pooled fund's ¥3.00.",
        ),
        (
            "差额退回,账单记为医保后结",
            "The difference comes back, and the bill says that insurance came late",
        ),
    ),
    _case(
        "stranger",
        cases.stranger,
        ("规则拒绝", "A rule refuses"),
        (
            "就诊 {visit}:为患者 11010519491231002X 收 5.00 元自费;被拒后改用其他支付方式。",
            "Visit {visit}: charge ¥5.00 for patient 11010519491231002X; refused, take another payment.",
        ),
        ("409 no_account,不重试", "409 no_account, not tried again"),
    ),
    _case(
        "bad_field",
        cases.bad_field,
        ("字段有误", "A field at fault"),
        (
            "就诊 {visit}:一项 5.00 元,自费误报 4.99 元;看到 field 后改正为 5.00 元再报。",
            "Visit {visit}: one item of ¥5.00 with self-paid ¥4.99; read field, put it right and send ¥5.00.",
        ),
        ("422,然后 201;不原样重发", "422, then 201; nothing is sent again unchanged"),
    ),
    _bad_day(
        "busy",
        ("503 之后", "After a 503"),
        (
            "等足 Retry-After,同键同内容重发,一张账单",
            "Waits for Retry-After, the same with the same key, one bill",
        ),
    ),
    _bad_day(
        "throttled",
        ("429 之后", "After a 429"),
        (
            "等足 Retry-After,同键同内容重发,一张账单",
            "Waits for Retry-After, the same with the same key, one bill",
        ),
    ),
    _bad_day(
        "token_ended",
        ("令牌失效", "The token has ended"),
        ("取新令牌,同键同内容重发,一张账单", "Fetches a token, the same with the same key, one bill"),
    ),
    _bad_day(
        "in_flight",
        ("同键请求在途", "A twin is under way"),
        ("稍候,同键同内容重发,一张账单", "Waits, the same with the same key, one bill"),
    ),
    _bad_day(
        "lost",
        ("答复丢失", "The answer is lost"),
        ("同键同内容重发,只有一张账单", "The same with the same key, and there is one bill"),
    ),
    _case(
        "bills_list",
        cases.bills_list,
        ("账单列表,逐页", "The list of bills, page by page"),
        (
            f"在其他收费之后:from 与 to 均为 {{today}}、limit={cases.PAGE_ROWS} 读取账单列表,"
            "沿 next 读到末页。",
            f"After the charges: read the bills with from and to {{today}}, limit={cases.PAGE_ROWS},"
            " following next to the end.",
        ),
        ("每页取自上一页的 next,末页为 null", "Each page by the next of the one before; null at the end"),
    ),
    _case(
        "settlements",
        cases.settlements,
        ("结算列表", "Settlements"),
        ("读取结算列表。", "Read the list of settlements."),
        ("200", "200"),
    ),
    _case(
        "events",
        cases.events,
        ("事件", "Events"),
        ("从已有的游标之后读取事件(after=)。", "Read the events after a cursor that you have (after=)."),
        ("200", "200"),
    ),
    _case(
        "webhook",
        cases.webhook,
        ("Webhook 签名", "Webhook signatures"),
        (
            "以 PUT /webhook 登记接收地址与密钥(secret);本程序会向它发送:签名正确的一条、同一条再次、"
            "伪造签名的、过期的。",
            "Register a receiver by PUT /webhook, with a secret; it is then sent one well signed, the same"
            " again, one forged, one too old.",
        ),
        ("前两条 2xx,后两条拒绝", "2xx for the first two, the others refused"),
        optional=True,
    ),
)


def cases_of(plan: Plan) -> tuple[Case, ...]:
    """The statement only where the platform takes one."""
    return (*CASES, STATEMENT) if plan.statements else CASES


def task_of(case: Case, plan: Plan, language: str) -> str:
    return case.task.says(language, visit=plan.visit(case.code), patient=plan.patient, today=plan.today)
