"""The default consent texts of a new workspace, in English and Chinese.

`{sender}`, `{topic}` and `{promise}` are filled in before the text is shown. The digest kept with a consent is that of
the stored text with its placeholders, and the values that filled them are in the same ledger record.
"""

from app.consent.ledger.record import FrequencyPromise
from app.consent.purposes import CLICK_TRACKING, MARKETING, OPEN_TRACKING, PROFILING

DEFAULTS = {
    (MARKETING, "en"): (
        "Yes, I would like to receive {topic} from {sender} by email, {promise}. "
        "I can stop at any time with one click in every email, without giving a reason."
    ),
    (MARKETING, "zh"): (
        "我愿意通过电子邮件接收{sender}发送的“{topic}”，{promise}。"
        "我可以随时点击任何一封邮件中的退订链接停止接收，无需说明理由。"
    ),
    (OPEN_TRACKING, "en"): (
        "{sender} may see whether and when I open its emails, by means of a small image, in order to write at better "
        "times and less often when I do not read. I receive the emails whether I allow this or not."
    ),
    (OPEN_TRACKING, "zh"): (
        "允许{sender}通过邮件中的一个小图片了解我是否以及何时打开邮件，以便在更合适的时间发送，并在我不看时减少发送。"
        "无论我是否允许，都不影响接收邮件。"
    ),
    (CLICK_TRACKING, "en"): (
        "{sender} may see which links in its emails I click, in order to write about what interests me. "
        "I receive the emails whether I allow this or not."
    ),
    (CLICK_TRACKING, "zh"): (
        "允许{sender}了解我点击了邮件中的哪些链接，以便发送我更感兴趣的内容。无论我是否允许，都不影响接收邮件。"
    ),
    (PROFILING, "en"): (
        "{sender} may work out from my purchases and my use of its emails what might interest me and how often to "
        "write. No decision with legal effect is made this way. I receive the emails whether I allow this or not."
    ),
    (PROFILING, "zh"): (
        "允许{sender}根据我的购买记录和邮件使用情况推断我可能感兴趣的内容以及合适的发送频率。"
        "不会据此作出任何具有法律效力的决定。无论我是否允许，都不影响接收邮件。"
    ),
}


def fill(text: str, *, language: str, sender: str, topic: str = "", promise: FrequencyPromise | None = None) -> str:
    """Return a wording as the person reads it. Unknown braces stay as they are."""
    promised = describe_promise(promise, language) if promise else ""
    for name, value in (("{sender}", sender), ("{topic}", topic), ("{promise}", promised)):
        text = text.replace(name, value)
    return text


def describe_promise(promise: FrequencyPromise, language: str) -> str:
    """Return the promised frequency in words: "at most once a week"."""
    return _say_chinese(promise) if language.startswith("zh") else _say_english(promise)


def _say_english(promise: FrequencyPromise) -> str:
    times = {1: "once", 2: "twice"}.get(promise.limit, f"{promise.limit} times")
    spans = {1: "a day", 7: "a week", 14: "in two weeks", 28: "in four weeks", 30: "in 30 days", 365: "a year"}
    return f"at most {times} {spans.get(promise.days, f'in {promise.days} days')}"


def _say_chinese(promise: FrequencyPromise) -> str:
    spans = {1: "每天", 7: "每周", 14: "每两周", 28: "每四周", 365: "每年"}
    return f"{spans.get(promise.days, f'每{promise.days}天')}最多{promise.limit}封"
