"""Is a request to stop told from a question, in many languages? What is neither goes to a person."""

from __future__ import annotations

import random
import re
import time

import pytest

from app.tracking import reply_classes, stop_phrases
from app.tracking.models import ReplyClass
from app.tracking.reply_classes import classify

REQUESTS = [
    "unsubscribe",
    "STOP",
    "Stop!",
    "please stop",
    "Please unsubscribe me.",
    "I want to unsubscribe",
    "I would like to unsubscribe from this newsletter, please.",
    "Can you please unsubscribe me?",
    "Hi, please remove me from your mailing list. Thanks, Ann",
    "Hello team, kindly take me off your list.",
    "remove me",
    "Please remove my email address from your list",
    "unsubscribe ann@example.com",
    "Opt out",
    "opt me out please",
    "Stop sending me emails",
    "stop emailing me",
    "Please stop sending me these emails!",
    "Don't email me again",
    "do not contact me anymore",
    "No more emails please",
    "I don't want to receive these emails anymore.",
    "I no longer wish to receive emails from you",
    "unsubscribe from all",
    "Please unsubscribe.\n\nKind regards,\nAnn Smith",
    "Unsubscribe\n\nSent from my iPhone",
    "Unsubscribe\n\nOn Mon, 2 Mar 2026 at 10:00, Shop\n<news@shop.example> wrote:\n> hi",
    "> hi there\n> buy\n\nPlease unsubscribe me",
    "Please unsubscribe me. I never signed up for this.",
    "I want to be removed from your mailing list",
    "please take me off this list now",
    "Bitte abmelden",
    "Bitte melden Sie mich vom Newsletter ab.",
    "abmelden",
    "Newsletter abbestellen",
    "Ich möchte keine E-Mails mehr erhalten.",
    "Bitte tragen Sie mich aus Ihrem Verteiler aus.",
    "Hallo,\nbitte nehmen Sie mich aus dem Verteiler.\nMit freundlichen Grüßen\nMax Muster",
    "Ich möchte den Newsletter abbestellen",
    "Bitte keine weiteren Mails",
    "Können Sie mich bitte abmelden?",
    "Bitte senden Sie mir keine E-Mails mehr",
    "désinscription",
    "Je souhaite me désinscrire",
    "Merci de me désinscrire de votre liste",
    "Veuillez me désabonner s'il vous plaît",
    "Je ne veux plus recevoir vos mails",
    "Bonjour, merci de me retirer de votre liste de diffusion. Cordialement, Jean",
    "Désinscrivez-moi",
    "baja",
    "Quiero darme de baja",
    "Por favor, denme de baja",
    "Dar de baja",
    "No quiero recibir más correos",
    "Hola, quisiera darme de baja de la lista. Gracias",
    "Cancelar suscripción",
    "cancelar inscrição",
    "Quero cancelar minha inscrição",
    "Por favor, remova meu e-mail da lista",
    "Não quero mais receber e-mails",
    "descadastrar",
    "cancellami",
    "Vorrei cancellarmi dalla newsletter",
    "Cancellatemi dalla vostra lista",
    "Non voglio più ricevere email",
    "disiscrivimi",
    "Afmelden",
    "Graag uitschrijven",
    "Ik wil me afmelden voor de nieuwsbrief",
    "Schrijf mij uit",
    "Geen mails meer",
    "Proszę o wypisanie z newslettera",
    "wypisz mnie",
    "Wypiszcie mnie z listy",
    "Unsubscribe / Abmelden",
    "UNSUBSCRIBE!!!!",
    "Stop, please. Thank you!",
    "unsubscribe me please ann@x.example",
    "Take my name off your mailing list please",
    "hi can you unsubscribe me from this list thank you",
    "Please remove us from your email list. Thank you.",
    "please delete my email from your list",
    "No more newsletters.",
    "Bitte löschen Sie mich aus Ihrem Verteiler",
    "Ich will keine Werbung mehr",
    "Stop emails",
    "Stop all emails",
    "STOP MAIL",
    "我想退订",
    "請取消訂閱",
    "别再给我发邮件了",
    "Rezygnuję z newslettera",
    "Nie chcę otrzymywać wiadomości",
    "Отписаться",
    "Отпишите меня, пожалуйста",
    "Прошу отписать меня от рассылки",
    "Не присылайте мне больше письма",
    "Хочу отписаться от рассылки",
    "配信停止をお願いします",
    "配信停止",
    "メルマガの配信を停止してください",
    "購読解除",
    "退会します",
    "メールを送らないでください",
    "수신거부",
    "수신 거부 부탁드립니다",
    "구독 취소해 주세요",
    "구독취소",
    "메일 보내지 마세요",
    "abonelikten çık",
    "Abonelikten çıkmak istiyorum",
    "Lütfen beni listenizden çıkarın",
    "avregistrera",
    "Avregistrera mig, tack",
    "Jag vill avsluta prenumerationen",
    "Ta bort mig från listan",
    "afmeld",
    "Afmeld mig venligst",
    "Jeg vil gerne afmelde nyhedsbrevet",
    "avmeld",
    "Meld meg av",
    "Jeg ønsker å melde meg av nyhetsbrevet",
    "Peruuta tilaus",
    "Haluan peruuttaa uutiskirjeen",
    "Poistakaa minut postituslistalta",
    "odhlásit",
    "Odhlaste mě prosím",
    "Prosím o odhlášení z newsletteru",
    "Neposílejte mi e-maily",
    "إلغاء الاشتراك",
    "أرجو إلغاء اشتراكي",
    "الغاء الاشتراك من فضلك",
    "退订",
    "请退订",
    "请取消订阅，谢谢",
    "不要再发邮件了",
    "我不想再收到你们的邮件",
    "请不要再给我发邮件",
    "我要退訂",
    "取消訂閱",
    "麻烦帮我退订一下",
    "TD",
    "leiratkozás",
    "הסר אותי",
    "odjava",
]
QUESTIONS = [
    "Stop by the shop tomorrow? I would like 20 boxes.",
    "Remove me from the waiting list for the teapot",
    "Do you have it in blue?",
    "How do I stop the tap from dripping?",
    "Can you stop the delivery of my order?",
    "Where is the nearest bus stop?",
    "Please cancel my order 1234",
    "Opt for the red one please",
    "Non-stop music at your party?",
    "Thanks, great newsletter!",
    "Take me off the guest list for Saturday please",
    "I love your emails",
    "Cancel the red one and send blue",
    "Please remove the item from my cart",
    "Nein danke",
    "Wann haben Sie geöffnet?",
    "La calidad ha bajado",
    "¿Tienen talla baja?",
    "Je voudrais commander",
    "I'll stop by on Friday.",
    "Please stop the shipment, I moved.",
    "Can you take 10% off?",
    "Me gustaría recibir más información",
    "请问什么时候发货？",
    "发货了吗",
    "请发邮件给我",
    "我想订阅",
    "Could you send me more emails about tea?",
    "メールをください",
    "退货怎么办",
    "Stopping by tomorrow at noon",
    "Please send the parcel to my new address",
    "Remove the blue shirt from my order",
    "Wie kann ich die Bestellung stornieren?",
    "Comment arrêter la livraison ?",
]
DOUBTFUL = [
    "How do I unsubscribe?",
    "Please unsubscribe me from the tea news but keep the offers",
    "Why do you keep mailing me? I asked to unsubscribe and buy nothing",
    "Don't unsubscribe me!",
    "cancel my subscription",
    "I will unsubscribe if you don't answer",
    "Where do I opt out of the printed catalogue?",
    "Stop sending me the wrong size",
    "Wie kann ich mich abmelden?",
    "Comment me désinscrire ?",
    "怎么退订？",
    "Please remove me from the list of speakers and add Bob",
]


@pytest.mark.parametrize("words", REQUESTS)
def test_an_unmistakable_request_to_stop_is_one(words: str) -> None:
    """Fifteen of twenty-four plain ones counted as interest."""
    assert classify(subject="Re: News", text=words, headers={}) is ReplyClass.UNSUBSCRIBE


@pytest.mark.parametrize("words", QUESTIONS)
def test_a_question_that_sounds_like_one_reaches_the_inbox(words: str) -> None:
    """Nine of ten ended all permission, and nobody ever read them."""
    assert classify(subject="Re: News", text=words, headers={}) is ReplyClass.HUMAN


@pytest.mark.parametrize("words", DOUBTFUL)
def test_what_may_be_a_request_is_for_a_person(words: str) -> None:
    """It ends nothing by itself, and is no interest either."""
    assert classify(subject="Re: News", text=words, headers={}) is ReplyClass.POSSIBLE_UNSUBSCRIBE


@pytest.mark.parametrize("words", REQUESTS[:40])
def test_a_request_among_other_sentences_is_for_a_person(words: str) -> None:
    """Who wants boxes and no more mail is answered, not silenced."""
    text = f"The twenty boxes came today and two of them were broken. {words}"
    kind = classify(subject="Re: News", text=text, headers={})

    assert kind is not ReplyClass.UNSUBSCRIBE


@pytest.mark.parametrize(
    ("subject", "text", "expected"),
    [
        ("unsubscribe", "", ReplyClass.UNSUBSCRIBE),
        ("Abmelden", "Danke", ReplyClass.UNSUBSCRIBE),
        ("Re: Unsubscribe from winter", "I take two of them", ReplyClass.HUMAN),
        ("Re: unsubscribe", "", ReplyClass.HUMAN),
        ("Newsletter", "Bitte abmelden", ReplyClass.UNSUBSCRIBE),
        ("unsubscribe", "Where are my boxes?", ReplyClass.POSSIBLE_UNSUBSCRIBE),
        ("Automatische Antwort: News", "Bitte abmelden", ReplyClass.AUTO),
        ("Réponse automatique : News", "absente", ReplyClass.AUTO),
        ("Автоответ: News", "", ReplyClass.AUTO),
        ("자동 응답: News", "", ReplyClass.AUTO),
    ],
)
def test_a_subject_counts_where_it_is_the_persons_own(subject: str, text: str, expected: ReplyClass) -> None:
    """Behind "Re:" stand our own words."""
    assert classify(subject=subject, text=text, headers={}) is expected


QUOTES = [
    "On Mon, 2 Mar 2026, Shop wrote:",
    "On Mon, 2 Mar 2026 at 10:00, Shop\n<news@shop.test> wrote:",
    "Am 02.03.2026 um 10:00 schrieb Shop <news@shop.test>:",
    "Le lun. 2 mars 2026 à 10:00, Shop <news@shop.test> a écrit :",
    "El lun, 2 mar 2026 a las 10:00, Shop (<news@shop.test>) escribió:",
    "Il giorno lun 2 mar 2026 alle ore 10:00 Shop <news@shop.test> ha scritto:",
    "Op ma 2 mrt 2026 om 10:00 schreef Shop <news@shop.test>:",
    "pon., 2 mar 2026 o 10:00 Shop <news@shop.test> napisał(a):",
    "пн, 2 мар. 2026 г. в 10:00, Shop <news@shop.test>:",
    "2026年3月2日(月) 10:00 Shop <news@shop.test>:",
    "Den mån 2 mars 2026 kl 10:00 skrev Shop <news@shop.test>:",
    "在 2026年3月2日 10:00，Shop 写道：",
    "-----Original Message-----",
    "-----Ursprüngliche Nachricht-----",
    "------------------ 原始邮件 ------------------",
    "________________________________",
    "Von: Shop <news@shop.test>",
    "发件人: Shop",
    "差出人: Shop",
    "-- ",
    "Sent from my iPhone",
    "Von meinem iPhone gesendet",
    "发自我的iPhone",
]


@pytest.mark.parametrize("quote", QUOTES)
def test_what_is_quoted_is_not_the_persons(quote: str) -> None:
    """Our own mail says "unsubscribe" at its end."""
    text = f"Thank you!\n\n{quote}\n> Buy now\nunsubscribe here"

    assert reply_classes.own_words(text) == "Thank you!"
    assert classify(subject="Re: News", text=text, headers={}) is ReplyClass.HUMAN


def test_an_answer_below_what_it_quotes_is_read() -> None:
    text = "> Buy now\n> unsubscribe here\n\nPlease unsubscribe me\n"

    assert reply_classes.own_words(text) == "Please unsubscribe me"


def test_no_mixture_of_phrases_takes_long() -> None:
    """Phrases overlap; the time to tell them apart must not double with each. Compared with a plain letter's."""
    dice = random.Random(26)
    words = [word for kind in stop_phrases.REQUESTS.values() for each in kind for word in re.findall(r"\w+", each)]
    plain = _seconds(["lorem ipsum dolor sit amet " * 16] * 200)
    mixed = _seconds([" ".join(dice.choices(words, k=60))[:400] for _ in range(200)])

    assert mixed < 50 * max(plain, 0.05)


def _seconds(texts: list[str]) -> float:
    began = time.process_time()
    for each in texts:
        classify(subject="", text=each, headers={})
    return time.process_time() - began
