"""Column headings of other programs and languages, better matches first."""

from __future__ import annotations

import unicodedata


def fold(heading: str) -> str:
    """Return a heading without case, accents, spaces and signs: "E-Mail_Adresse " is "emailadresse"."""
    plain = unicodedata.normalize("NFKD", heading).casefold()
    return "".join(char for char in plain if char.isalnum())


def rank(target: str, heading: str) -> int | None:
    """Return how well this folded heading names the target, 0 being best; None when it does not."""
    return _RANKS.get(target, {}).get(heading)


def is_known(heading: str) -> bool:
    """Say whether this is a heading of something."""
    folded = fold(heading)
    return folded in FULL_NAMES or any(folded in ranks for ranks in _RANKS.values())


_CALLED = {
    "email": """email, email address, e-mail, mail, mail address, primary email, contact email, customer email,
        subscriber email, billing email, work email, email 1, e-mail 1 - value, e-mail-adresse, mailadresse,
        adresse email, adresse e-mail, adresse mail, courriel, adresse courriel, adresse électronique,
        correo electrónico, correo, dirección de correo, dirección de correo electrónico, indirizzo email,
        indirizzo e-mail, posta elettronica, endereço de email, e-mailadres, mailadres, adres e-mail,
        e-postadress, 电子邮箱, 邮箱, 邮箱地址, 电子邮件, 电子邮件地址, 邮件地址, 邮件, email地址, 郵箱,
        電子郵件, メールアドレス, メール, eメール, 이메일, 이메일 주소, электронная почта, эл. почта""",
    "external_ref": """external_ref, external id, ext id, customer id, customer number, customer no,
        customer ref, client id, client number, contact id, record id, record id - contact, user id, member id,
        member number, subscriber id, crm id, unique id, kundennummer, kunden-nr, kundennr, kd-nr, kunden-id,
        debitorennummer, mitgliedsnummer, numéro client, numéro de client, n° client, no client, id client,
        code client, número de cliente, nº de cliente, id de cliente, id cliente, código cliente,
        codice cliente, numero cliente, klantnummer, klant-id, numer klienta, 客户编号, 客户号, 客户id,
        会员编号, 会员号, 会员id, 顾客编号, 用户id, 用户编号, 客戶編號, 顧客番号, 会員番号, 고객번호, id,
        customer, kunde""",
    "first_name": """first_name, first name, firstname, given name, forename, first, fname, vorname, prénom,
        nombre, primer nombre, nome, primeiro nome, nome proprio, voornaam, imię, förnamn, 名, 名字, 名称, имя,
        이름""",
    "last_name": """last_name, last name, lastname, surname, family name, last, lname, nachname, familienname,
        nom, nom de famille, apellido, apellidos, cognome, sobrenome, apelido, achternaam, nazwisko, efternamn,
        姓, 姓氏, фамилия, 성""",
    "language": """language, preferred language, language code, lang, locale, sprache, bevorzugte sprache,
        langue, idioma, lingua, taal, język, språk, 语言, 首选语言, 語言, 言語, 언어, язык""",
    "country": """country code, country, country/region, country or region, default address country code,
        default address country, billing country, shipping country, cc, land, länderkennzeichen, ländercode,
        landescode, pays, code pays, país, código de país, paese, nazione, stato, kraj, 国家, 国家/地区,
        国家地区, 国家代码, 國家, 国, 国名, 국가, страна""",
    "city": """city, town, default address city, billing city, shipping city, ort, stadt, wohnort, ville,
        commune, ciudad, localidad, población, città, comune, cidade, plaats, woonplaats, stad, miasto, 城市,
        所在城市, 市, 市区町村, 도시, город""",
    "time_zone": """time_zone, time zone, timezone, zeitzone, fuseau horaire, zona horaria, fuso orario,
        fuso horário, tijdzone, 时区, 時區, タイムゾーン""",
    "tags": """tags, tag, labels, label, schlagworte, schlagwörter, schlagwort, étiquettes, étiquette,
        etiquetas, etiqueta, etichette, etykiety, 标签, 標籤, タグ, 태그""",
    "consent": """consent, subscribed, email marketing consent, accepts email marketing, accepts marketing,
        marketing consent, email consent, consent status, subscription status, email subscription status,
        email marketing status, email marketing state, email status, opt-in status, opted in, opt-in,
        email opt-in, marketing opt-in, newsletter opt-in, double opt-in, subscription,
        newsletter subscription, newsletter subscriber, newsletter, marketing permission, permission,
        gdpr consent, agreed, has opted in, is subscribed, einwilligung, werbeeinwilligung,
        marketingeinwilligung, newsletter-einwilligung, dsgvo-einwilligung, zustimmung, einverständnis,
        newsletter-anmeldung, newsletter abonniert, newsletter-abonnent, abonniert, angemeldet,
        werbung erlaubt, werbeerlaubnis, opt-in-status, anmeldestatus, consentement, consentement marketing,
        consentement rgpd, abonné, abonné newsletter, abonnement, inscrit, inscrit newsletter,
        inscription newsletter, statut d'abonnement, accord, opt-in email, accepte le marketing,
        consentimiento, consentimiento rgpd, suscrito, suscripción, estado de suscripción, acepta marketing,
        acepta publicidad, boletín, consenso, consenso marketing, iscritto, iscrizione, iscritto newsletter,
        consentimento, inscrito, aceita marketing, toestemming, ingeschreven, nieuwsbrief, zgoda,
        zgoda marketingowa, samtycke, 同意, 是否同意, 是否订阅, 订阅, 订阅状态, 营销同意, 同意营销,
        同意接收邮件, 接收邮件, 接收营销邮件, 接受营销, 邮件订阅, 訂閱, 訂閱狀態, 購読, メルマガ, メルマガ購読,
        配信許可, 수신동의, 동의, согласие, status""",
    "unsubscribed": """unsubscribed, unsubscribed at, unsubscribed on, unsub time, unsubscribe time,
        unsubscribe date, date unsubscribed, unsubscribed from all email, unsubscribed from all emails,
        opted out of all email, opted out of email, opted out of email: marketing information, email opt out,
        opt out, opted out, opt-out date, opted out at, do not email, do not contact, do not mail,
        email suppressions, suppressions, suppressed, blacklisted, email blacklisted, is blacklisted,
        blocklisted, email blocklisted, blocklist, abgemeldet, abgemeldet am, abmeldung, abmeldedatum,
        widerruf, widerrufen, widerrufen am, werbewiderspruch, widerspruch, sperrliste, werbesperre,
        keine werbung, désinscrit, désinscrit le, désabonné, désinscription, date de désinscription,
        date de désabonnement, liste noire, opposition, baja, fecha de baja, dado de baja, dada de baja,
        lista negra, disiscritto, disiscrizione, data disiscrizione, descadastrado, cancelado em,
        uitgeschreven, afgemeld, wypisany, 退订, 已退订, 退订时间, 退订日期, 取消订阅, 是否退订, 黑名单, 拒收,
        退訂, 配信停止, 退会日, 수신거부""",
    "consented_at": """consented_at, consent timestamp, consent date, consent time, consent given at,
        consent given on, email marketing consent timestamp, email consent timestamp, opt-in time,
        confirm time, confirmed at, confirmation date, confirmation time, double opt-in date, doi date, doi timestamp,
        opt-in date, opt-in timestamp, opted in at, opt-in at, subscribed at, subscribed on,
        subscription date, subscribe date, date subscribed, signup date, sign-up date, signup time,
        signed up at, marketing consent date, gdpr date, einwilligung am, einwilligungsdatum,
        datum der einwilligung, eingewilligt am, zustimmung am, einwilligungszeitpunkt, bestätigt am,
        bestätigungsdatum, doi-datum, opt-in-datum, anmeldedatum, angemeldet am, newsletter seit,
        date de consentement, date du consentement, date de confirmation, confirmé le, date d'opt-in,
        date d'inscription, inscrit le, date d'abonnement, fecha de consentimiento, fecha del consentimiento,
        fecha de confirmación, fecha de suscripción, fecha de alta, data consenso, data del consenso,
        data iscrizione, data de consentimento, data de inscrição, datum toestemming, ingeschreven op,
        data zgody, 同意时间, 同意日期, 订阅时间, 订阅日期, 确认时间, 授权时间, 訂閱時間, 同意日時, 同意日,
        登録日時, 購読日, 동의일시""",
    "consent_method": """consent_method, consent method, opt-in method, optin method, subscription method,
        signup method, method, opt-in type, consent type, consent channel, einwilligungsart,
        art der einwilligung, anmeldeart, anmeldeweg, methode, méthode, méthode de consentement,
        mode de consentement, mode d'inscription, moyen de collecte, método, método de consentimiento,
        medio de consentimiento, metodo, metodo di consenso, 同意方式, 订阅方式, 授权方式, 获取方式, 同意方法""",
    "consent_wording": """consent_wording, consent text, consent wording, consent statement, consent message,
        consent language, wording, opt-in text, permission text, notice text, notice, disclosure, gdpr text,
        einwilligungstext, wortlaut, text der einwilligung, texte du consentement, texte de consentement,
        libellé, mention, mention légale, texto del consentimiento, texto de consentimiento, texto legal,
        testo del consenso, testo consenso, 同意文本, 同意内容, 同意条款, 授权文本, 同意文""",
    "consent_topic": """consent_topic, topic, topics, subscription type, subscribed to, list, list name, lists,
        audience, newsletter name, thema, liste, verteiler, newsletter-liste, sujet, nom de la liste, tema,
        lista, lista de correo, argomento, 订阅主题, 订阅类别, 主题, 列表, 名单, 邮件列表, トピック, リスト""",
    "consent_purposes": """consent_purposes, purposes, purpose, zwecke, zweck, finalités, finalité,
        finalidades, finalidad, scopo, 用途, 目的""",
    "consent_source": """consent_source, consent source, consent page, consent url, consent form,
        opt-in source, optin source, opt-in url, opt-in page, subscription source, signup source,
        sign-up source, signup page, sign-up page, signup url, signup form, sign-up form, form name, form,
        einwilligungsquelle, quelle der einwilligung, anmeldequelle, anmeldeformular, anmeldeseite,
        herkunft der einwilligung, formular, source du consentement, source d'inscription, page d'inscription,
        formulaire d'inscription, formulaire, origen del consentimiento, fuente del consentimiento,
        origen de la suscripción, página de registro, formulario, fonte del consenso, modulo, 同意来源,
        订阅来源, 来源页面, 订阅页面, 订阅表单, 表单, 登録フォーム""",
    "consent_ip": """consent_ip, consent ip, confirm ip, confirmation ip, consent ip address, opt-in ip,
        opt-in ip address, signup ip, sign-up ip, subscription ip, ip address, ip, einwilligungs-ip,
        ip-adresse, anmelde-ip, adresse ip, ip d'inscription, dirección ip, ip de alta, indirizzo ip, ip-adres,
        同意ip, 订阅ip, ip地址, ipアドレス""",
    "order_ref": """order_ref, order id, order number, order no, order ref, order reference, order, invoice,
        invoice no, invoice number, invoice id, transaction id, transaction number, receipt number, receipt,
        bestellnummer, bestell-nr, auftragsnummer, auftrags-nr, rechnungsnummer, rechnungs-nr, belegnummer,
        numéro de commande, n° commande, n° de commande, commande, référence commande, numéro de facture,
        facture, número de pedido, nº de pedido, pedido, referencia de pedido, número de factura, factura,
        numero ordine, ordine, numero fattura, número do pedido, bestelnummer, ordernummer, 订单号, 订单编号,
        订单id, 交易号, 单号, 訂單編號, 注文番号, 주문번호""",
    "purchased_at": """purchased_at, purchased on, purchased at, purchase date, order date, ordered at,
        paid at, processed at, invoice date, invoiced at, transaction date, transaction time, created at, date,
        datetime, timestamp, purchased, kaufdatum, bestelldatum, rechnungsdatum, belegdatum, datum,
        date d'achat, date de commande, date de la commande, date de facture, fecha de compra, fecha de pedido,
        fecha del pedido, fecha de factura, fecha, data ordine, data acquisto, data do pedido, data,
        besteldatum, orderdatum, 购买日期, 购买时间, 下单时间, 下单日期, 订单日期, 订单时间, 付款时间,
        成交时间, 日期, 時間, 注文日, 購入日, 주문일""",
    "amount": """amount, order total, grand total, total price, total amount, total, amount paid, order value,
        order amount, revenue, value, sum, net total, subtotal, price, unit price, gesamtbetrag,
        rechnungsbetrag, bruttobetrag, betrag, gesamtsumme, summe, gesamtpreis, umsatz, gesamt, preis,
        montant total, montant, total ttc, montant ttc, prix total, prix, importe total, importe, monto,
        precio total, precio, importo totale, importo, totale, prezzo, valor total, valor, bedrag,
        totaalbedrag, totaal, kwota, 实付金额, 订单金额, 付款金额, 总金额, 总额, 金额, 实付, 金額, 合計金額,
        合計, 금액""",
    "currency": """currency, currency code, währung, waehrung, währungscode, devise, monnaie, moneda, divisa,
        valuta, moeda, waluta, 币种, 货币, 貨幣, 通貨, 통화""",
    "items": """items, quantity, number of items, item count, qty, units, count, cds, lineitem quantity,
        total quantity, menge, anzahl, stückzahl, stück, quantité, qté, nombre d'articles, cantidad, unidades,
        quantità, pezzi, quantidade, aantal, ilość, 数量, 件数, 商品数量, 個数, 수량""",
    "product": """product, product name, product title, item name, item, title, lineitem name, description,
        sku, stock code, produkt, produktname, artikel, artikelname, artikelbezeichnung, bezeichnung, produit,
        nom du produit, article, désignation, producto, nombre del producto, artículo, descripción, prodotto,
        nome prodotto, articolo, descrizione, produto, 商品, 商品名称, 商品名, 产品, 产品名称, 商品标题, 品名,
        상품명""",
}
_RANKS: dict[str, dict[str, int]] = {}
for _target, _words in _CALLED.items():
    _RANKS[_target] = {}
    for _word in _words.split(","):
        _RANKS[_target].setdefault(fold(_word), len(_RANKS[_target]))
# Who says only "name" means the whole of it, or what stands beside a first name.
FULL_NAMES = frozenset(map(fold, ("full name", "name", "vollständiger name", "nom complet", "姓名", "氏名")))
PLAIN_NAME = "name"
