"""Phrases that ask to unsubscribe, and the courtesies around them, by language.

Patterns stand in the form that `folded` gives any text: lower case, no accents, words parted by one space. A REQUEST
fits a whole sentence, or says nothing; a SIGN may stand anywhere and only tells a person to look.
"""

from __future__ import annotations

import re
import unicodedata

_MAILS = r"(?:e ?mails?|mails?|newsletters?|news letters?|messages?|mailings?|marketing|ads|advertis\w+|promotions?|offers?)"
_LIST = (
    r"(?:from|off)(?: (?:your|this|these|all|all of|any|the)){1,3}"
    rf"(?: (?:mailing|email|e mail|mail|news|newsletter|marketing|distribution|subscriber|contact))?"
    rf"(?: (?:lists?|database|{_MAILS}))"
)
_MY = r"(?:me|us|my (?:e ?mail(?: address)?|mail|address|name))"
_EVER = r"(?: (?:any ?more|ever|again|ever again|from now on|in (?:the )?future|at once|immediately|now|right now|asap|today|to me|to this address|from you|from this list|me))*"

REQUESTS: dict[str, tuple[str, ...]] = {
    "en": (
        rf"unsubscribe(?: {_MY})?(?: (?:{_LIST}|from (?:this|your|the|all)))?{_EVER}",
        r"unsub(?: me)?", r"un subscribe(?: me)?", r"remove", r"opt ?out",
        r"(?:end|discontinue|cancel) (?:my )?(?:newsletter|e ?mail|mailing)s? subscription",
        rf"discontinue (?:sending(?: {_MY})?|these|your|all) {_MAILS}", rf"(?:get|keep|take) {_MY} off (?:this|your)(?: \w+)? list",
        rf"unsubscribe (?:this|the following|my) (?:e ?mail(?: address| id)?|address|mail id)(?: {_LIST})?",
        rf"unsubscribe (?:me|us) from (?:all|any)(?: (?:your|future|further|of your))* {_MAILS}", rf"(?:to )?be (?:removed|unsubscribed|taken off)(?: {_LIST}| (?:your|this) (?:mailing |e ?mail )?list)?",
 rf"opt {_MY} out", r"opt me out",
        rf"opt out (?:of|from) (?:your|this|these|all|the)(?: your)? {_MAILS}",
        rf"remove {_MY}(?: (?:from (?:your|this|all(?: your| of your)?)(?: \w+)? lists?|{_LIST.replace('|the', '')}))?{_EVER}",
        rf"take {_MY} off (?:your|this|all(?: your)?)(?: (?:mailing|email|e mail|mail|newsletter|marketing))? (?:lists?|{_MAILS}){_EVER}",
        r"stop(?: (?:all|now|asap|immediately|at once))?",
        rf"stop(?: (?:all|these|your|those|the|with the))* {_MAILS}{_EVER}",
        rf"stop (?:sending|mailing|e ?mailing|contacting|writing|spamming|messaging|bothering)(?: to)?(?: {_MY})?"
        rf"(?: (?:any|any more|more|these|your|those|such|further|all|all these|this))*(?: {_MAILS}| spam| things| stuff)?{_EVER}",
        rf"(?:do not|don t|dont|never) (?:e ?mail|mail|contact|write)(?: to)?(?: {_MY})?{_EVER}",
        rf"(?:do not|don t|dont|never) send(?: to)?(?: {_MY})?(?: (?:any|any more|more|these|your|further))*(?: {_MAILS}| spam){_EVER}",
        rf"no (?:more|further)(?: of (?:these|your|this))? {_MAILS}{_EVER}",
        rf"cancel (?:my|the|this) (?:{_MAILS}|{_MAILS} subscription|subscription to (?:your|this|the) {_MAILS}){_EVER}",
        rf"(?:i|we) (?:do not|don t|dont|no longer|never)(?: (?:want|wish|care|like|need))(?: to)?(?: (?:receive|get|have|see))?"
        rf"(?: (?:any|any more|more|these|your|further|such|this))* {_MAILS}{_EVER}",
        rf"(?:i|we) (?:do not|don t|dont|no longer) (?:want|wish) to be (?:contacted|e ?mailed|mailed|on (?:your|this)(?: \w+)? list){_EVER}",
        rf"(?:i|we) (?:want|would like|d like|wish) to be (?:removed|unsubscribed|taken off)(?: {_LIST})?{_EVER}",
        rf"delete {_MY} {_LIST}{_EVER}",
    ),
    "zh": (
        r"退订(?:一下|邮件|我)?|退訂(?:一下|郵件)?|退订邮件|我要退订|我想退订|我要退訂|取消订阅|取消訂閱|取消關注邮件|td|t",
        r"(?:我)?(?:要|想|想要|要求|申请|希望)?(?:取消|退出|停止|终止|終止)(?:这个|此|本|该|你们的|贵公司的)?(?:邮件|電子報|电子报|邮箱|电子邮件)?(?:订阅|訂閱|推送|接收)",
        r"(?:不要|别|別|勿|请勿|請勿|不用|不必)(?:再|继续|繼續)?(?:给我|給我|向我)?(?:发|發|寄|发送|發送|寄送)(?:任何|这些|這些|这种|此类)?(?:广告|廣告|推广|营销)?(?:邮件|郵件|电子邮件|电邮|信件|信|信息|消息|广告|廣告)(?:给我|給我|到我的邮箱)?(?:了)?",
        r"(?:不要|别|別|请勿|請勿)(?:再|继续|繼續)(?:给我|給我|向我)?(?:发|發|寄信|发送|發送)(?:给我|給我)?(?:了)?|(?:不要|别|別)(?:再)?(?:打扰|打擾|骚扰)(?:我)?(?:了)?",
        r"停止(?:向我|给我|給我)?(?:发送|發送|发|寄送|寄)(?:任何)?(?:广告|廣告)?(?:邮件|郵件|电子邮件|電子郵件)",
        r"取消我的(?:邮件)?(?:订阅|訂閱)|(?:把|将|將)我(?:移出|移除)(?:你们的)?(?:邮件|订阅|发送)(?:列表|名单)",
        r"(?:我)?不(?:想|要|愿|希望|愿意)(?:再)?(?:收到|接收|收)(?:到)?(?:你们的|貴公司的|贵公司的|这些|此类|任何|这样的)?(?:广告|廣告)?(?:邮件|郵件|电子邮件|信)?(?:了)?",
        r"(?:把|将|將)?(?:我|我的邮箱|我的地址|我的邮件地址)?从(?:你们的|您的|贵公司的)?(?:邮件|邮寄|发送|订阅)?(?:列表|名单)(?:中|里|上)?(?:移除|删除|去掉|移出)",
        r"拒收|拒绝接收|取消邮件|取消推送",
    ),
    "de": (
        r"abmelden|abmeldung|abbestellen|abbestellung|austragen|newsletter (?:abmelden|abbestellen|abmeldung)|abmeldung (?:vom|des) newsletters?",
        r"(?:bitte )?(?:melden|tragen|nehmen) sie mich(?: bitte)?(?: vom| von| aus)?(?: (?:diesem|ihrem|dem|ihren|dieser|ihrer|der|allen))?(?: (?:newsletter|verteiler|mailingliste|liste|emails|mails|e mails))?(?: ab| aus| heraus| raus)?",
        r"(?:mich|meine (?:e ?mail(?: ?adresse)?|mailadresse|adresse))(?: bitte)?(?: (?:vom|von|aus)(?: (?:diesem|ihrem|dem|ihren|dieser|ihrer|der|allen))?(?: (?:newsletter|verteiler|mailingliste|liste|emails|mails|e mails))?)?(?: bitte)? (?:abmelden|austragen|loschen|entfernen|streichen|nehmen)",
        r"(?:ich |hiermit )?(?:mochte|will|wunsche)(?: ich)?(?: mich)?(?: (?:gerne|bitte|hiermit))?(?: (?:vom|von|aus|den|diesen|ihren|ihrem|dem|diesem))*(?: (?:newsletter|verteiler|e ?mails?|mails?|mailingliste))? (?:abmelden|austragen)",
        r"(?:ich )?(?:mochte|will)(?: (?:gerne|bitte|hiermit))?(?: (?:den|diesen|ihren|euren))? newsletter (?:abbestellen|kundigen|abmelden|beenden)",
        r"(?:ich )?(?:mochte|will|wunsche)(?: (?:bitte|in zukunft|kunftig|ab sofort))?(?: (?:keine|keinen))(?: (?:weiteren?|mehr))?(?: (?:e ?mails?|mails?|newsletter|werbung))(?: (?:mehr|von ihnen|von euch))*(?: (?:bekommen|erhalten|empfangen|haben))?",
        r"(?:bitte )?keine?n?(?: weiteren?)? (?:e ?mails?|mails?|newsletter|werbung)(?: mehr)? (?:senden|schicken|zusenden)|(?:mich|uns) nicht mehr (?:anschreiben|kontaktieren|anmailen)|nicht mehr anschreiben|aus (?:dem|ihrem|diesem) (?:verteiler|newsletter) (?:nehmen|streichen|loschen|entfernen)|newsletter bitte (?:abbestellen|abmelden|kundigen)",
        r"(?:senden|schicken) sie mir(?: bitte)? (?:keine|keinen)(?: weiteren?)?(?: (?:e ?mails?|mails?|newsletter|werbung|nachrichten))(?: mehr)?(?: zu)?",
        r"keine(?:n)?(?: weiteren?)? (?:e ?mails?|mails?|newsletter|werbung|werbemails)(?: mehr)?",
        r"(?:den )?newsletter (?:kundigen|stornieren|abstellen|beenden)|stopp",
        r"loschen sie (?:mich|meine (?:e ?mail ?adresse|mailadresse|adresse))(?: bitte)? aus (?:ihrem|dem|diesem|ihrer|der) (?:verteiler|newsletter|mailingliste|liste|verteilerliste)",
    ),
    "fr": (
        r"desinscription|desinscrire|me desinscrire|desinscrivez moi|desabonner|desabonnement|me desabonner|desabonnez moi|stop pub|desinscris moi",
        r"(?:je (?:veux|voudrais|souhaite|desire|souhaiterais|demande)(?: a)? )?(?:me )?(?:desinscrire|desabonner|ma desinscription|mon desabonnement|etre (?:desinscrite?|desabonnee?|retiree?))(?: de (?:votre|cette|la|vos|ces|toutes vos|votre)(?: (?:newsletter|liste(?: de diffusion)?|lettre(?: d information)?|e ?mails?|mails?|mailing list)))?",
        r"(?:veuillez |merci de |priere de )?(?:me |nous )?(?:desinscrire|desabonner|retirer|supprimer|enlever)(?: mon (?:adresse|e ?mail|adresse e ?mail|adresse mail))? de (?:votre|cette|vos|toutes vos)(?: (?:newsletter|listes?(?: de diffusion)?|lettre(?: d information)?|e ?mails?|mails?|mailing list|fichiers?|base(?: de donnees)?))",
        r"(?:veuillez |merci de )?(?:me )?(?:desinscrire|desabonner)",
        r"(?:je )?ne (?:veux|souhaite|desire|voudrais) plus recevoir(?: (?:vos|de|ces|aucun|d|tous vos))?(?: (?:e ?mails?|mails?|newsletters?|courriels?|messages?|publicites?|pubs?|offres))?(?: de (?:votre part|vous))?",
        r"(?:merci de |veuillez )?(?:ne plus|arreter de|arretez de|cessez de|cesser de) (?:m |me |nous )?(?:envoyer|ecrire|contacter)(?: (?:vos|de|ces|des|d))?(?: (?:e ?mails?|mails?|newsletters?|courriels?|messages?|publicites?|pubs?))?",
        r"ne (?:m |me |nous )?(?:envoyez|ecrivez|contactez) plus(?: (?:de|d|vos|aucun|rien))?(?: (?:e ?mails?|mails?|newsletters?|courriels?|publicites?|pubs?))?|(?:retirez|supprimez|enlevez)(?: moi| (?:mon adresse|mon e ?mail|mon adresse e ?mail|mon nom)) de (?:votre|vos|cette) (?:listes?|base(?: de donnees)?|fichiers?|liste de diffusion|newsletter)|stop aux (?:e ?mails|mails|newsletters|pubs)",
        r"plus d(?:e|) ?(?:e ?mails?|mails?|newsletters?|pubs?|courriels?)|arretez",
    ),
    "es": (
        r"baja|darme de baja|dar de baja|dadme de baja|denme de baja|deme de baja|dame de baja|cancelar suscripcion|desuscribir(?:me)?|desuscribirse|desuscripcion|anular suscripcion|quiero la baja|solicito la baja|baja newsletter",
        r"(?:(?:quiero|quisiera|deseo|solicito|me gustaria|necesito|pido)(?: que)?(?: me)?(?: (?:den|dar|darme|dé|de))? ?)(?:de )?(?:la )?baja(?: (?:de|del|en)(?: (?:la|el|su|sus|este|esta|vuestra|vuestro|estos|todos sus))?(?: (?:lista(?: de correo)?|boletin|newsletter|correos?|suscripcion|e ?mails?)))?",
        r"(?:dar|den|deme|denme|dadme|dame)(?:me)? de baja(?: (?:de|del|en)(?: (?:la|el|su|sus|este|esta|vuestra|vuestro|estos))?(?: (?:lista(?: de correo)?|boletin|newsletter|correos?|suscripcion|e ?mails?)))?",
        r"(?:quiero|quisiera|deseo)? ?(?:cancelar|anular)(?: (?:mi|la))? suscripcion(?: (?:al|a la|a su) (?:boletin|newsletter|lista(?: de correo)?))?",
        r"(?:ya )?no (?:quiero|deseo|quisiera)(?: mas)?(?: (?:recibir|seguir recibiendo))(?: (?:mas|sus|estos|vuestros|ningun))*(?: (?:correos?|e ?mails?|mails?|mensajes|publicidad|boletin(?:es)?|newsletters?|ofertas))?(?: (?:de ustedes|suyos))?",
        r"(?:dejen|deje|dejad|deja|paren|parad) de (?:enviar|mandar|escribir|molestar)(?:me)?(?: (?:mas|sus|estos|tantos))*(?: (?:correos?|e ?mails?|mails?|mensajes|publicidad))?",
        r"no (?:me )?(?:envien|envie|manden|enviéis|envieis|escriban)(?:me)?(?: mas)? (?:correos?|e ?mails?|mails?|mensajes|publicidad)(?: mas)?|no me (?:envien|manden|escriban) (?:nada )?mas|(?:me )?(?:quiero|quisiera|deseo) (?:dar|darme) de baja",
        r"no quiero mas (?:correos?|e ?mails?|mails?|mensajes|publicidad)|no mas (?:correos?|e ?mails?|mails?|mensajes|publicidad)|eliminen? mi (?:correo|e ?mail|direccion) de su (?:lista|base de datos)|borren?me de (?:su|la|esta) lista",
    ),
    "pt": (
        r"descadastrar|descadastro|descadastre me|descadastrem|me descadastrem?|cancelar (?:a )?(?:inscricao|assinatura|subscricao)|cancelar newsletter|desinscrever|remover inscricao|sair da lista|anular subscricao|descadastrar meu e ?mail",
        r"(?:eu )?(?:quero|gostaria de|desejo|queria|pretendo|solicito)(?: (?:me|o))? ?(?:cancelar|descadastrar|sair|remover|anular|desinscrever|descadastro|cancelamento)(?: ?me)?(?: (?:a|da|de|do|o|minha|meu|sua|vossa|desta|dessa|esta|essa|lista|inscricao|assinatura|subscricao|newsletter|e ?mails?|e|mail|boletim))*",
        r"(?:me )?(?:remova|removam|retire|retirem|tire|tirem|exclua|excluam|remover|excluir|tirar)(?: ?(?:me|o))?(?: (?:meu|o meu)(?: (?:e ?mail|endereco|nome)))? (?:da|de|desta|dessa)(?: (?:sua|vossa|esta|essa))? lista(?: de (?:e ?mails?|distribuicao|envio|contatos))?",
        r"nao (?:quero|desejo|pretendo)(?: mais)? receber(?: mais)?(?: (?:mais|seus|os seus|esses|estes|nenhum))*(?: (?:e ?mails?|mensagens|newsletters?|publicidade|propagandas?|boletins?|ofertas))?(?: (?:de voces|vossos))?",
        r"(?:parem|pare|para) de (?:me )?(?:enviar|mandar|escrever)(?: ?me)?(?: (?:e ?mails?|mensagens|publicidade|propaganda))?",
        r"nao (?:me )?(?:enviem|envie|mandem|mande)(?: ?me)?(?: mais)? (?:e ?mails?|mensagens|publicidade)(?: mais)?|nao (?:me )?(?:enviem|envie|mandem) mais(?: nada)?|descadastrar (?:o )?(?:meu )?e ?mail",
    ),
    "it": (
        r"cancellami|cancellatemi|cancellazione dalla (?:newsletter|lista|mailing list)|disiscrivimi|disiscrivetemi|disiscrizione|disiscrivermi|cancellarmi|annulla(?:re)? (?:l |la mia )?iscrizione|rimuovimi|rimuovetemi|disiscriviti|cancellare iscrizione|mi cancelli|cancellazione newsletter",
        r"(?:(?:vorrei|voglio|desidero|chiedo di|vi prego di|si prega di|prego)(?: (?:essere))? ?)?(?:cancellarmi|disiscrivermi|cancellami|cancellatemi|rimuovetemi|rimuovermi|rimuovimi|disiscrivetemi|cancellato|cancellata|rimosso|rimossa|disiscritto|disiscritta|annullare l iscrizione|annullare la mia iscrizione)(?: (?:dalla|da|dal|alla|dalle)(?: (?:vostra|questa|vostre|tua))?(?: (?:newsletter|lista|mailing list|liste|vostra lista)))?",
        r"(?:io )?non (?:voglio|desidero|vorrei)(?: piu)? ricevere(?: piu)?(?: (?:le|vostre|le vostre|altre|queste|i vostri|vostri))*(?: (?:e ?mails?|mail|newsletter|messaggi|pubblicita|comunicazioni))?(?: (?:da voi|da parte vostra))?",
        r"(?:smettete(?:la)?|smetti(?:la)?|basta) (?:di )?(?:mandarmi|inviarmi|scrivermi|con le)(?: (?:e ?mails?|mail|newsletter|pubblicita|queste mail))?|basta (?:e ?mails?|mail|newsletter|pubblicita)",
        r"non (?:mandatemi|inviatemi|scrivetemi|mandarmi|inviarmi)(?: piu(?: (?:nulla|niente))?)? (?:e ?mails?|mail|newsletter|pubblicita)|non (?:scrivetemi|mandatemi|inviatemi) piu(?: (?:nulla|niente))?",
    ),
    "nl": (
        r"afmelden|uitschrijven|afmelding|uitschrijving|opzeggen nieuwsbrief|nieuwsbrief (?:opzeggen|afmelden|uitschrijven)|meld me af|schrijf me uit",
        r"(?:(?:ik )?(?:wil|zou|graag|wens)(?: (?:mij|me|graag|willen|mezelf))*(?: (?:voor|van|uit|de|deze|uw|jullie|nieuwsbrief|mailinglijst|lijst|mails?|e ?mails?))* )?(?:afmelden|uitschrijven|afgemeld worden|uitgeschreven worden)(?: (?:voor|van|uit|de|deze|uw|jullie|nieuwsbrief|mailinglijst|lijst|mails?|e ?mails?))*",
        r"(?:meld|schrijf|haal|verwijder|gelieve|wilt u|kunt u|kun je)(?: (?:mij|me|ons|mijn (?:e ?mail ?adres|adres|mailadres)))(?: (?:aub|a u b|alstublieft|svp))?(?: (?:af|uit|van|voor|de|deze|uw|jullie|nieuwsbrief|mailinglijst|maillijst|mails?|e ?mails?|mailing|verzendlijst|uitschrijven|afmelden|verwijderen|halen))+",
        r"(?:ik )?wil geen(?: (?:e ?mails?|mails?|nieuwsbrie(?:f|ven)|reclame))(?: (?:meer|van jullie|van u))*(?: (?:ontvangen|krijgen))?|(?:haal|verwijder) (?:mij|me) van (?:deze|uw|jullie) (?:mailing|mail|e ?mail|nieuwsbrief)?lijst",
        r"(?:stuur|zend)(?: (?:mij|me))?(?: (?:aub|a u b))? geen(?: (?:e ?mails?|mails?|nieuwsbrie(?:f|ven)|reclame))? ?(?:meer)?|geen (?:e ?mails?|mails?|nieuwsbrie(?:f|ven)|reclame) meer|stop met (?:mailen|sturen)(?: van (?:mails?|e ?mails?))?",
    ),
    "pl": (
        r"wypisz(?: mnie)?|wypisac|wypisanie|wypisuje sie|anuluj subskrypcje|anulowac subskrypcje|rezygnuje z (?:newslettera|subskrypcji|otrzymywania (?:e ?maili|maili|newslettera|wiadomosci))|rezygnacja z (?:newslettera|subskrypcji)",
        r"(?:(?:chce|chcialbym|chcialabym|prosze o|prosze) )?(?:sie )?(?:wypisac|wypisanie|wypisac sie|anulowac subskrypcje|(?:usunac|usuniecie|zrezygnowac)(?= .*(?:newsletter|list|subskrypcj|baz|mailing)))(?: (?:mnie|mojego adresu|moj adres|moj e ?mail|sie))?(?: z (?:newslettera|listy|subskrypcji|bazy|listy mailingowej|mailingu|waszej listy|panstwa listy|waszej bazy|panstwa bazy))?",
        r"(?:mnie )?wypisac(?: mnie)? z (?:newslettera|listy|subskrypcji|bazy|listy mailingowej)|(?:usuncie|wypiszcie|prosze usunac|prosze wypisac|usun|wypisz)(?: (?:mnie|moj adres|moj e ?mail|moj adres e ?mail))(?: z (?:(?:waszej|panstwa|tej) )?(?:newslettera|listy|subskrypcji|bazy|listy mailingowej|mailingu))?",
        r"nie (?:chce|zycze sobie|wysylajcie|przysylajcie|wysylac|prosze wysylac)(?: (?:mi|do mnie|juz|wiecej|otrzymywac|dostawac))*(?: (?:waszych|zadnych|tych|panstwa|wiecej))*(?: (?:e ?maili|maili|wiadomosci|newslettera|newsletterow|reklam|spamu))",
    ),
    "ru": (
        r"отписаться|отпишите(?: меня)?|отписка|отписать|отмена подписки|отменить подписку|отмените подписку|отпиши меня|отписываюсь",
        r"(?:(?:я )?(?:хочу|хотел бы|хотела бы|прошу) )?(?:меня )?(?:отписаться|отписать|отпишите|отменить подписку|(?:удалить|удалите|исключите|исключить|уберите|убрать)(?= .*(?:рассыл|списк|баз|писем)))(?: (?:меня|мои адрес|мою почту|мои e ?mail|мои email))?(?: (?:от|из|с)(?: (?:вашеи|этои|вашего|этого|вашеи|всех ваших))? (?:рассылки|рассылок|списка(?: рассылки)?|базы|писем))?",
        r"(?:больше )?не (?:присылаите|шлите|отправляите|пишите|высылаите|надо присылать)(?: (?:мне|больше|нам|меня))*(?: (?:ваши|эти|свои|никаких|такие))*(?: (?:писем|письма|рассылку|рассылки|спам|рекламу|сообщения|сообщении))(?: больше)?",
        r"(?:больше (?:мне )?не (?:пишите|присылаите|беспокоите)|не (?:пишите|присылаите|беспокоите)(?: мне| меня)? больше)(?: (?:мне|меня))?|прекратите рассылку",
        r"(?:я )?(?:больше )?не (?:хочу|желаю)(?: больше)? (?:получать|видеть)(?: (?:ваши|эти|от вас|вашу|эту|такие))*(?: (?:письма|писем|рассылку|рассылки|рекламу|спам|сообщения))?(?: от вас)?",
        r"прекратите (?:присылать|слать|рассылку|отправлять|спам)(?: (?:мне|письма|спам|рекламу|эти|ваши))*",
    ),
    "ja": (
        r"(?:(?:メールマガジン|メルマガ|メール|ニュースレター)(?:の)?(?:配信|購読|登録|受信|送信)?|配信|購読|受信|登録(?=(?:を)?解除))(?:の)?(?:を|は)?(?:停止|やめたい|解除|中止|解約|退会|拒否|不要|取り消し|取消|キャンセル|やめて|止めて)(?:を)?(?:希望|お願い|依頼|して|です|したい)?(?:いたします|いたしたく|致します|します|しします|ください|下さい|たいです|です|で|ほしい|欲しい|頂きたい|いただきたい|お願いします|お願いいたします|お願い致します|して|の手続きをお願いします|願います|くたさい)*",
        r"(?:もう|今後|これ以上|二度と)?(?:メール|メルマガ|ニュースレター)(?:を|は)?(?:もう|一切)?(?:送らないで|送信しないで|送るのをやめて|送ってこないで|いりません|要りません|不要です|配信しないで|送付しないで|結構です)(?:ください|下さい|くたさい|ほしい)?",
        r"(?:配信|メール)(?:リスト)?から(?:私を|外して|削除して|除外して|はずして)+(?:ください|下さい)?|退会します|退会希望|退会したい(?:です)?",
    ),
    "ko": (
        r"수신 ?거부(?: ?(?:합니다|해 ?주세요|요청|신청|부탁드립니다|바랍니다|할게요|하고 싶습니다|처리 ?(?:부탁드립니다|해 ?주세요)))*",
        r"(?:메일|이메일|뉴스레터)? ?(?:구독|수신|뉴스레터|메일링)(?:을|를)? ?(?:취소|해지|중단|중지|거부|해제)(?:를|을)? ?(?:합니다|해 ?주세요|요청(?:합니다|드립니다)?|신청(?:합니다)?|부탁(?:드립니다|드려요|해요)?|바랍니다|하고 싶(?:습니다|어요)|원합니다|해줘)*",
        r"(?:더 ?이상 |이제 |앞으로 )?(?:메일|이메일|광고|뉴스레터)(?:을|를|은|는|좀)? ?(?:그만|보내지|발송하지|안 ?보내)(?: ?(?:보내|마|말아|마세요|주세요|주십시오|말아 ?주세요|보내세요|보내 ?주세요|보내요|하세요))*",
        r"(?:더 ?이상 )?(?:메일|이메일|뉴스레터)(?:을|를)? (?:받고 싶지 않(?:습니다|아요)|원하지 않(?:습니다|아요))",
    ),
    "tr": (
        r"abonelikten (?:cik|cikar|cikmak istiyorum|ayrilmak istiyorum|cikarin|cikariniz|cikma|cikis)|aboneligimi iptal (?:et|edin|ediniz|etmek istiyorum)|uyelikten cik|aboneligi iptal et|abonelik iptal[iı]?|listeden cik(?:mak istiyorum|ar|arin)?|e ?posta aboneliğimi iptal edin",
        r"(?:lutfen )?(?:beni|adresimi|e ?posta adresimi|mail adresimi)(?: (?:bu|e ?posta|mail|posta|bulten))* (?:listenizden|listesinden|listeden|listenizden|bulteninizden|abonelikten|bultenden) (?:cikarin|cikariniz|silin|siliniz|cikar|kaldirin|cikartin|cikarir misiniz)",
        r"(?:artik |bir daha |lutfen )*(?:bana )?(?:artik )?(?:e ?posta|mail|e ?mail|reklam|bulten)(?:lar)? (?:gondermeyin|gondermeyiniz|yollamayin|atmayin|almak istemiyorum|istemiyorum)",
    ),
    "sv": (
        r"avregistrera(?: mig)?|avprenumerera|avanmal(?:an|a)?(?: mig)?|avsluta (?:prenumerationen|prenumeration|min prenumeration|nyhetsbrevet)|sluta (?:skicka|maila|mejla)(?: (?:mig|till mig))?(?: (?:mail|mejl|e ?post|nyhetsbrev|reklam))?|avregistrering",
        r"(?:jag )?(?:vill|onskar|skulle vilja)(?: garna)?(?: (?:bli|vara))? (?:avregistrera(?:d)?|avprenumerera|avanmala|avsluta (?:prenumerationen|nyhetsbrevet|min prenumeration))(?: mig)?(?: fran (?:nyhetsbrevet|er lista|listan|era utskick|detta))?",
        r"(?:jag )?(?:vill|onskar) (?:inte|ej)(?: langre)?(?: (?:ha|fa|ta emot))?(?: (?:fler|mer|flera|era|nagra|nagot))* (?:mail|mejl|e ?post|nyhetsbrev|reklam|utskick)(?: (?:langre|fran er|mer))*",
        r"ta bort (?:mig|min (?:adress|e ?post|mailadress|mejladress|e ?postadress))(?: (?:fran|ur)(?: (?:er|denna|den har|eran|maillistan|listan|listor|mejllista|maillista|lista|listorna|utskick|utskickslista|sandlista|nyhetsbrevet))+)?",
        r"(?:inga|inget) (?:fler|mer|flera) (?:mail|mejl|e ?post|nyhetsbrev|reklam)",
    ),
    "da": (
        r"afmeld(?: (?:mig|nyhedsbrev(?:et)?|mit nyhedsbrev))*|frameld(?: (?:mig|nyhedsbrev(?:et)?))*|afmelding|afmelde",
        r"(?:jeg )?(?:vil|onsker)(?: gerne)?(?: at)? (?:afmelde(?:s)?|framelde(?:s)?)(?: mig)?(?: (?:fra )?(?:jeres |dette |det )?(?:nyhedsbrev(?:et)?|liste|mailliste))?",
        r"(?:jeg )?(?:vil|onsker) ikke(?: længere)?(?: (?:at )?(?:have|modtage|fa))?(?: (?:flere|mere|jeres))* (?:mails?|e ?mails?|reklamer|nyhedsbreve?)(?: (?:fra jer|fremover|længere))*",
        r"(?:fjern|slet|tag) (?:mig|min (?:mail|e ?mail|adresse|mailadresse))(?: (?:af|fra)(?: (?:jeres|denne|maillisten|listen|mailliste|mailingliste|liste|nyhedsbrev(?:et)?|lister))+)?",
        r"(?:ikke|ingen) (?:flere|mere) (?:mails?|e ?mails?|nyhedsbreve|reklamer)|stop med at sende(?: (?:mig|mails?|nyhedsbreve|reklamer|flere))*|(?:lad være med at |undlad at )?send(?:e)?(?: mig)? ikke (?:flere|mere)(?: (?:mails?|nyhedsbreve))?",
    ),
    "no": (
        r"avmeld(?: (?:meg|nyhetsbrev(?:et)?))*|meld meg av(?: (?:nyhetsbrev(?:et)?|listen|deres|denne|e ?postlisten))*|avslutt (?:abonnementet|abonnement|nyhetsbrevet|mitt abonnement)|avmelding|avmelde",
        r"(?:jeg )?(?:vil|onsker)(?: gjerne)?(?: a)? (?:avmelde(?:s)?|melde)(?: meg)? ?(?:av)?(?: (?:deres |dette )?(?:nyhetsbrev(?:et)?|listen))?",
        r"(?:jeg )?(?:vil|onsker) ikke(?: lenger)?(?: (?:a )?(?:ha|motta|fa))?(?: (?:flere|mer|deres))* (?:e ?poster?|mailer?|reklame|nyhetsbrev)(?: (?:fra dere|lenger))*",
        r"(?:fjern|slett|ta) (?:meg|min (?:e ?post|adresse|e ?postadresse))(?: (?:av|fra|bort fra)(?: (?:deres|denne|listen|e ?postliste|e ?postlisten|mailinglisten|liste|nyhetsbrev(?:et)?))+)?",
        r"(?:ikke|ingen) (?:flere|mer) (?:e ?poster|e ?post|mailer|nyhetsbrev|reklame)|slutt (?:a|å) sende(?: (?:meg|e ?post|reklame|mer))*|ikke send(?: meg)? (?:flere|mer)(?: (?:e ?poster?|mailer|nyhetsbrev))?",
    ),
    "fi": (
        r"peruuta (?:uutiskirje|uutiskirjeen tilaus)|peru (?:uutiskirje|uutiskirjeen tilaus)|uutiskirjeen peruutus|peruutan (?:uutiskirjeen|uutiskirjeen tilauksen)|lopeta|lopettakaa|lopeta (?:viestien|sahkopostien|uutiskirjeen) (?:lahettaminen|lahetys)",
        r"(?:haluan|haluaisin|voitteko|pyydan)(?: (?:peruuttaa|perua|peruuttamaan|lopettaa|poistua|erota|poistaa|poistamaan))(?: minut)? (?:uutiskirjeen(?: tilauksen)?|postituslistalta|postituslistaltanne|sahkopostilistalta|uutiskirjelistalta)",
        r"poista(?:kaa)? (?:minut|osoitteeni|sahkopostini|sahkopostiosoitteeni)(?: (?:postituslistalta|listalta|listaltanne|postituslistaltanne|rekisterista|rekisteristanne|uutiskirjelistalta|sahkopostilistalta))?",
        r"(?:en halua|en haluaisi|emme halua)(?: (?:enaa|saada|vastaanottaa|lisaa|teidan|naita|enempaa))+(?: (?:viesteja|sahkoposteja|sahkopostia|uutiskirjetta|uutiskirjeita|mainoksia|postia|posteja))|(?:alkaa|ala) (?:lahettako|laheta|lahettakaa)(?: (?:minulle|enaa|lisaa))*(?: (?:viesteja|sahkoposteja|sahkopostia|uutiskirjetta|uutiskirjeita|mainoksia|postia))?",
    ),
    "cs": (
        r"odhlasit(?: (?:odber|se|se z odberu|me))?|odhlaste(?: me)?|odhlas(?: me)?|odhlaseni(?: (?:odberu|newsletteru|z odberu))?|zrusit (?:odber|odebirani|newsletter)|zruste (?:odber|mi odber|muj odber)|odhlasuji se|odhlasujem",
        r"(?:(?:chci|chtel bych|chtela bych|prosim|zadam)(?: (?:o|se|abyste))* )?(?:odhlasit|odhlaste|odhlaseni|(?:vyradit|vyradte|vymazte|odstrante|smazte|zrusit|zruste)(?= .*(?:odber|newsletter|seznam|databaz|mailing|rozesil)))(?: (?:se|me|mne|muj e ?mail|moji adresu|mou adresu|mou e ?mailovou adresu))?(?: (?:mi|prosim))*(?:(?: (?:z|ze|od))?(?: (?:vaseho|vasi|tohoto|teto|vasich|muj))? (?:odber newsletteru|odberu|odber|newsletteru|newsletter|seznamu|databaze|mailinglistu|rozesilky|rozesilani))?",
        r"(?:jiz |uz )?(?:mi |nam )?(?:jiz |uz )?neposilejte(?: (?:mi|nam|jiz|uz|dalsi|zadne|vase|tyto|prosim))* (?:e ?maily|maily|newslettery|reklamu|reklamy|zpravy|nabidky)|(?:uz|jiz) (?:mi )?(?:nic )?neposilejte(?: (?:mi|nic))*",
        r"(?:uz |jiz )?(?:nechci|nepreji si|nemam zajem)(?: (?:uz|jiz|dostavat|odebirat|od vas|zadne|dalsi|vase|tyto))*(?: (?:e ?maily|maily|newslettery|newsletter|reklamu|reklamy|zpravy|nabidky))",
    ),
    "ar": (
        r"(?:ارید |اريد |ارجو |الرجاء |يرجى |من فضلك |رجاء )?(?:الغاء|الغا|الغوا|الغي|اوقف|اوقفوا|ايقاف|انهاء)(?: (?:ال)?اشتراك(?:ي)?)(?: (?:في|من) (?:النشره|القائمه|النشرة|القائمة|نشرتكم|قائمتكم)(?: (?:البريديه|البريدية))?)?",
        r"(?:لا|توقفوا عن|توقف عن|كفوا عن) ?(?:ترسلوا|ترسل|ارسال|اريد|ارغب في|ارغب)(?: (?:لي|الي|استلام|تلقي|مزيد من|المزيد من|اي|هذه|المزيد))*(?: (?:رسائل|الرسائل|رسايل|بريد|ايميلات|البريد|الايميلات|رسائلكم|اعلانات))(?: (?:منكم|اخرى|بعد الان|لي))*",
        r"(?:ارجو |الرجاء |يرجى )?(?:ازاله|ازالة|ازالتي|احذفوني|احذفني|حذف|حذفي|ازيلوني)(?: (?:اسمي|بريدي|عنواني))? من (?:القائمة|القائمه|قائمتكم|القائمة البريدية|قائمه البريد|قائمتكم البريدية)",
    ),
    # Whole phrases of further languages, as their unsubscribe links and answers spell them.
    "others": (
        r"leiratkozas|leiratkozom|le szeretnek iratkozni|kerem iratkoztasson le|iratkozzon le|iratkozas le",
        r"dezabonare|dezabonati ma|doresc sa ma dezabonez|vreau sa ma dezabonez|ma dezabonez",
        r"διαγραφη|απεγγραφη|διαγραψτε με|καταργηση εγγραφης|θελω να διαγραφω|θελω διαγραφη",
        r"відписатися|відписатись|відпишіть мене|скасувати підписку|видаліть мене зі списку",
        r"odjava|odjavi me|odjavite me|zelim se odjaviti|odjaviti|odjavljam se",
        r"odhlasit sa|odhlaste ma|chcem sa odhlasit|prosim odhlasit",
        r"отпиши ме|отпишете ме|отписване|искам да се отпиша",
        r"הסר(?: אותי)?|הסירו אותי|להסיר|הסרה|תסירו אותי|תסירו אותי מרשימת התפוצה|ביטול מנוי|בטל מנוי",
        r"huy dang ky|huy đang ky|ngung nhan|toi muon huy đang ky|dung gui(?: email| thu| mail)?(?: nua)?|ngung gui(?: email| mail)?",
        r"berhenti berlangganan|batalkan langganan|hapus saya dari daftar|stop berlangganan|nyahlanggan|batal langganan",
        r"ยกเลกการรบขาวสาร|ยกเลก|ยกเลกการสมคร|ขอยกเลก",
        r"सदसयता समापत कर|सदसयता रदद कर|अनसबसकराइब",
        r"eemalda(?:ge)? mind(?: nimekirjast)?|loobu(?:n)?(?: uudiskirjast)?|atsisakyti|atsisakau|atrakstities|cancel la subscripcio|donar de baixa|doneu me de baixa",
    ),
}  # fmt: skip

# Words that open a request without being one.
_LEAD = (
    r"(?:please|pls|plz|kindly|just|now|again|so|then|ok|okay|and|can you|could you|would you|will you|you can|i want to|i would like to"
    r"|i d like to|id like to|i wish to|i want you to|i would like you to|i need to|i need you to|i am asking you to|let me|i request(?: you)? to|i ask you to"
    r"|konnen sie|konnten sie|wurden sie|kannst du|konnt ihr|konntet ihr|pouvez vous|pourriez vous|peux tu|pueden|podrian|puede|podria|puedes|podem|poderiam|pode|poderia|potete|potreste|puo|puoi|czy moglibyscie|czy moga panstwo|czy mozecie|можете|не могли бы вы|могли бы вы|вы можете|能否|可以|能不能|可否|能|voitteko|voisitteko|kan ni|kan du|kan i|kan dere|muzete|mohli byste|هل يمكنكم|ممكن|هل يمكن|we want to|we would like to|would you please|can you please|could you please|i hereby|hereby|bitte|hiermit|bitte sofort|svp|s il vous plait|s il te plait"
    r"|merci de|veuillez|priere de|por favor|favor de|favor|solicito|per favore|per cortesia|cortesemente|alstublieft|aub|a u b|graag|gelieve"
    r"|prosze|prosze o|пожалуиста|прошу|будьте добры|lutfen|snalla|vanligen|var vanlig|venligst|vennligst|vær sa snill|kiitos|ystavallisesti|prosim|prosim vas"
    r"|من فضلك|الرجاء|ارجو|请|請|请帮我|请给我|麻烦|麻烦帮我|帮我|我要|我想|我想要|我希望|请求|どうか|すみません(?:が)?|恐れ入りますが|お手数ですが|부탁드립니다만|죄송하지만"
    r"|kerem|va rog|te rog|παρακαλω|будь ласка|molim|molim vas|prosim|моля|בבקשה|אנא|lam on|vui long|xin vui long|tolong|mohon|กรณา|palun|prasau|ludzu|si us plau|just)"
)
_TRAIL = (
    r"(?:venligst|vennligst|vanligen|kindly|graag|aub|gelieve|kerem|molim|te rog|please|pls|plz|thanks?|thank you|thank you very much|thx|ty|cheers|now|immediately|asap|today|right away|bitte|danke|sofort|umgehend|vielen dank|danke schon"
    r"|merci|svp|s il vous plait|s il te plait|merci d avance|merci beaucoup|gracias|por favor|muchas gracias|obrigad[oa]|por favor|grazie|per favore|dank u|dank je|bedankt|alvast bedankt|alstublieft|aub|a u b|svp"
    r"|dziekuje|prosze|spasibo|спасибо|пожалуиста|tesekkurler|tesekkur ederim|lutfen|tack|tack sa mycket|tak|pa forhand tak|takk|kiitos|dekuji|prosim|diky|شكرا|من فضلك"
    r"|谢谢|謝謝|多谢|感谢|吧|了|啊|谢谢您|谢谢你|ありかとうこさいます|お願いします|お願いいたします|お願い致します|よろしくお願いします|よろしくお願いいたします|よろしくお願い致します|감사합니다|부탁드립니다|부탁합니다|부탁드려요"
    r"|koszonom|multumesc|ευχαριστω|дякую|hvala|dakujem|благодаря|תודה|בבקשה|cam on|terima kasih|ขอบคณ|tanan|aciu|paldies|gracies)"
)
_GREETING = (
    r"(?:hi|hello|hey|dear|good (?:morning|afternoon|evening|day)|greetings|to whom it may concern|hallo|guten (?:tag|morgen|abend)|sehr geehrte[rn]?|liebe[rs]?|moin|servus"
    r"|bonjour|bonsoir|salut|cher|chere|madame|monsieur|hola|buen(?:os|as) (?:dias|tardes|noches)|buen dia|estimad[oa]s?|ola|oi|bom dia|boa (?:tarde|noite)|prezad[oa]s?|car[oa]s?|ciao|salve|buongiorno|buonasera|gentil[ei]|spett le"
    r"|beste|geachte|goedendag|goedemorgen|goedemiddag|dag|dzien dobry|witam|szanowni|czesc|здравствуите|добрыи (?:день|вечер)|доброе утро|привет|уважаемые|merhaba|selam|sayin|iyi gunler|hej|heisan|hejsan|god dag|kære|kara|hei|heippa|moi|terve|hyva"
    r"|dobry den|vazeni|ahoj|مرحبا|السلام عليكم|اهلا|تحيه طيبه|تحية طيبة|你好|您好|尊敬的|こんにちは|お世話になっております|いつもお世話になっております|こ担当者様|안녕하세요|안녕하십니까|담당자님|tisztelt|szia|buna|buna ziua|γεια|γεια σας|добрии день|bok|postovani|dobar dan|שלום|xin chao|halo|selamat|สวสด|tere|labas|bon dia)"
)
_SIGN_OFF = (
    r"(?:(?:kind |best |warm |many )?regards|best(?: wishes)?|sincerely|yours(?: sincerely| truly| faithfully)?|respectfully|cheers|mfg|lg|vg|(?:mit )?freundliche[nr]? gru(?:ß|ss|s)en?|mit freundlichen gru(?:ß|ss|s)en|viele gru(?:ß|ss|s)e|liebe gru(?:ß|ss|s)e|beste gru(?:ß|ss|s)e|gru(?:ß|ss|s)e?|hochachtungsvoll"
    r"|cordialement|bien cordialement|bien a vous|salutations|sinceres salutations|(?:un )?saludos?|(?:un )?cordial saludo|atentamente|atenciosamente|att|cumprimentos|com os melhores cumprimentos|cordiali saluti|distinti saluti|saluti"
    r"|met vriendelijke groet(?:en)?|mvg|vriendelijke groet(?:en)?|groet(?:en|jes)?|z powazaniem|pozdrawiam|с уважением|saygilarimla|saygilar|iyi calismalar|med vanlig(?:a)? halsning(?:ar)?|mvh|halsningar|hilsen|(?:med )?venlig hilsen|vh|(?:med )?vennlig hilsen|ystavallisin terveisin|terveisin|s pozdravem|مع التحية|مع التحيه|تحياتي|此致|敬礼|祝好|敬具|以上|드림|올림|udvozlettel|cu stima|με εκτιμηση|з повагою|lep pozdrav|srdacan pozdrav|בברכה|tran trong|salam)"
)
# What people add to a request without taking it back.
_EXPLANATIONS = (
    r"(?:i am |i m |we are )?(?:no longer|not)(?: at all)? interested(?: in (?:this|these|your|your products|this anymore))?(?: any ?more)?",
    r"(?:i|we) (?:never|did not|didn t|didnt)(?: \w+)? (?:signed up|sign up|subscribed|subscribe|asked|ask|registered|register|agreed|agree|requested|request|opted in|consented|consent)(?: (?:for|to) (?:this|these|it|your \w+|any of (?:this|these)|that|these \w+|this \w+))?",
    r"(?:i |we )?(?:get|receive|am getting|i m getting|there are|you send|got) (?:way |far )?too (?:many|much)(?: (?:e ?mails?|mails?|messages?|newsletters?))?(?: from you)?", r"too many (?:e ?mails?|mails?)",
    r"(?:this is|that is|it is|it s) (?:the )?(?:my )?(?:last|final|second|third)(?: (?:time|warning|request))(?: i ask| i m asking| i am asking)?", r"this is (?:my )?(?:second|third|last|final) request", r"enough",
    r"i (?:have|ve|had)(?: already)? asked (?:you )?(?:before|already|twice|several times|many times)", r"my (?:e ?mail|mail|address|e ?mail address) is [a-z0-9 ]{3,60}",
    r"kein interesse(?: mehr)?", r"(?:ich )?habe (?:daran )?kein interesse(?: mehr)?", r"(?:ich )?habe (?:mich )?(?:nie|das nie|diesen nie|den nie|nie etwas) (?:angemeldet|bestellt|abonniert)",
    r"je ne suis (?:plus|pas) interessee?", r"je ne me suis jamais inscrite?", r"no (?:me|nos) interesa(?: mas)?", r"ya no me interesa", r"nunca me (?:he suscrito|suscribi|registre)", r"nao tenho (?:mais )?interesse", r"nao me interessa(?: mais)?",
    r"non sono (?:piu )?interessat[oa]", r"geen interesse(?: meer)?", r"nie jestem (?:juz )?zainteresowan[ya]", r"мне (?:это )?(?:больше )?не(?: интересно|интересно)", r"(?:我)?(?:对此|已经)?(?:不感兴趣|没有兴趣|没兴趣|不需要)(?:了)?", r"(?:我)?(?:从来)?(?:没有|没|从未)(?:订阅|訂閱|注册|申请)过?(?:你们|这个)?(?:的)?(?:邮件)?",
)  # fmt: skip

# A message with one of these may ask us to stop; a person decides.
SIGNS = (
    r"unsubscrib|\bunsub\b|\b(?:end|discontinue) (?:\w+ )?(?:subscription|sending|e ?mails?)|cease (?:and desist )?(?:sending|e ?mail)|\bget (?:me|us) off\b|opt(?:ed|ing)? (?:\w+ )?out\b|mailing list|email list|e mail list|(?:leave|stop bothering) me alone|delete my (?:data|account|details|e ?mail|address|profile)|not (?:want|wish) to (?:receive|get|be)|no longer (?:want|wish|interested)|(?:newsletter|e ?mail) subscription|\bcancel my subscription\b|\bgdpr\b|\bwithdraw my consent\b|\bobject to\b"
    r"|\bremove (?:me|us|my)\b(?! \w+ (?:the |your )?(?:order|item|cart))(?! from (?:the |your )?(?:wait|guest|wish|gift|order|price|speaker|attendee|participant|shopping|cart|group|course|class|event|queue))"
    r"|\btake (?:me|us) off\b(?! the (?:wait|guest|wish|gift|order))|\bstop (?:sending|mailing|e ?mailing|contacting|writing|spamming|e ?mails?|newsletters?|messages|it|this|that|these|all)\b|\b(?:do not|don t|dont|never) (?:e ?mail|mail|contact|write|send)(?: to)? (?:me|us|any)\b|\bno more (?:e ?mails?|mails?|newsletters?|messages)\b"
    r"|\bstop(?: \w+)? (?:e ?mails?|newsletters?|mails|spam)\b|\bthis is spam\b|\breport(?:ed)? (?:\w+ )?(?:as )?spam\b",
    r"\babmeld|\babgemeldet|\babbestell|\baustragen\b|aus (?:\w+ )?(?:verteiler|liste)\b|keine(?:n)? (?:\w+ )?(?:e ?mails?|mails?|newsletter|werbung|werbemails)\b|newsletter (?:\w+ )?(?:kundigen|stornieren)|nicht mehr (?:\w+ )?(?:schreiben|anschreiben|kontaktieren|erhalten|bekommen)\b|meine daten (?:\w+ )?(?:loschen|entfernen)",
    r"desinscri|desabonn|stop (?:aux|les) (?:mails?|e ?mails?|pubs?)|ne (?:m |me |nous )?(?:envoyez|ecrivez|contactez) plus|(?:retirez|supprimez|enlevez) moi|ne (?:veux|souhaite|desire) plus (?:\w+ ){0,3}(?:recevoir|mails?|e ?mails?)|(?:arretez|cessez) (?:\w+ ){0,5}(?:envoyer|ecrire|mails?|e ?mails?)|ne plus (?:m |me )?(?:envoyer|ecrire|contacter)|retir\w+ de (?:\w+ )?liste|supprim\w+ (?:\w+ ){0,3}(?:liste|donnees|adresse)",
    r"\b(?:de|la|mi|una) baja\b|(?:quitar|quiten|saquen) (?:\w+ )?de (?:la|su|esta) lista|desuscri|cancelar (?:\w+ )?suscripcion|no (?:quiero|deseo) (?:\w+ )?(?:recibir|correos|mas)|dej\w+ de (?:enviar|mandar|escribir)|no (?:me )?(?:envien|manden|envie) mas|(?:borren?|eliminen?|quiten?|saquen?)(?:me)? (?:\w+ ){0,5}(?:lista|correo|datos)",
    r"descadastr|cancelar (?:\w+ )?(?:inscricao|assinatura|subscricao|newsletter)|nao (?:quero|desejo) (?:mais )?receber|par(?:e|em|ar) de (?:\w+ )?(?:enviar|mandar)|(?:remov|retir|exclu|tir)\w* (?:\w+ ){0,5}(?:lista|meu e ?mail)|sair da lista|anular (?:a )?subscricao",
    r"disiscri|^cancellazione$|basta (?:e ?mails?|mail|newsletter|pubblicita)|cancell(?:ami|atemi|armi)\b|cancellazione (?:\w+ )?(?:newsletter|iscrizione|lista)|annull\w+ (?:\w+ ){0,5}iscrizione|non (?:voglio|desidero) (?:piu )?ricevere|rimuov\w+ (?:\w+ ){0,5}(?:lista|newsletter|indirizzo)|non (?:mandate|inviate|scrive)\w* piu|smett\w+ (?:di|con)",
    r"\bafmeld|\buitschrijv|\bschrijf (?:me|mij) uit|\bmeld (?:me|mij) af|geen (?:\w+ )?(?:e ?mails?|mails?|nieuwsbrie\w+|reclame)\b|niet (?:meer|langer) (?:ontvangen|krijgen|mailen)|stop met (?:mailen|sturen)|(?:haal|verwijder) (?:me|mij|mijn)\b.{0,60}(?:lijst|nieuwsbrief|bestand)",
    r"\bwypis|^rezygn\w+$|rezygn\w+ z (?:newslet|subskr|otrzym)|anul\w+ subskr|nie (?:chce|zycze sobie) (?:\w+ ){0,5}(?:otrzymywac|dostawac|maili|wiadomosci)|nie (?:przysyl|wysyl)\w+|usu\w+ (?:mnie|moj\w*) ",
    r"отпис|отпиш|отмен\w+ подпис|рассылк\w+ (?:\w+ ){0,5}(?:удал|исключ|убер)|(?:удал|исключ|убер)\w+ (?:\w+ ){0,3}(?:рассыл|списк|баз)|не (?:присыла|шлит|отправля)\w+|не хочу (?:\w+ ){0,5}получать|прекратите",
    r"配信停止|配信解除|登録解除|購読解除|購読(?:を)?(?:停止|中止|やめ)|退会|受信拒否|配信不要|送らないて|送信しないて|(?:メール|メルマカ)(?:は|を)?(?:不要|いりません|要りません|止め|やめ)|解約",
    r"수신 ?거부|구독 ?(?:취소|해지|중단|해제)|수신 ?(?:취소|해지|중단)|그만 ?보내|보내지 ?(?:마|말)|받고 싶지 않|원하지 않",
    r"abonelik\w* (?:\w+ )?(?:cik|iptal|ayril)|aboneligim\w*|listeni?z?den|(?:mail|posta|bulten|reklam)\w* (?:\w+ )?(?:gondermeyin|yollamayin|atmayin|istemiyorum)|uyelikten cik",
    r"avregistrer|avprenumerer|avanmal|avsluta (?:\w+ )?prenumeration|sluta (?:skicka|maila|mejla)|ta bort (?:mig|min)\b|inga fler (?:mail|mejl)|inte (?:\w+ ){0,5}(?:mer|fler|langre) (?:\w+ ){0,5}(?:mail|mejl|e ?post|nyhetsbrev)",
    r"\bafmeld|\bframeld|fjern mig|slet mig|(?:ikke|ingen) (?:\w+ ){0,5}(?:flere|mere) (?:mails?|nyhedsbreve)|stop med at sende|ønsker ikke (?:\w+ ){0,5}(?:modtage|flere)",
    r"\bavmeld|meld(?:e)? meg av|fjern meg|slett meg|(?:ikke|ingen) (?:\w+ ){0,5}(?:flere|mer) (?:e ?post|mail|nyhetsbrev)|slutt (?:a|å) sende|avslutt (?:\w+ )?(?:abonnement|nyhetsbrev)",
    r"peru(?:uta|a|n|utan|uttaa)? (?:\w+ ){0,5}(?:tilau|uutiskirje)|poista(?:kaa|maan|a)? (?:minut|osoitteeni|sahkopost)|en halua (?:\w+ ){0,5}(?:viest|sahkopost|uutiskirj|mainok|posti)|(?:alkaa|ala) (?:\w+ ){0,5}lahett|lopett?a\w* (?:\w+ ){0,5}(?:lahett|viest|sahkopost|uutiskirj)",
    r"\bodhlas|zrus\w+ (?:\w+ )?(?:odber|odebir|newslet)|neposilejte|nechci (?:\w+ ){0,5}(?:dostavat|odebirat|e ?maily|newslet)|vyra\w+ (?:me|mne|z)|(?:vymaz|odstran|smaz)\w+ (?:\w+ ){0,5}(?:seznam|databaz|adres|e ?mail)",
    r"(?:الغاء|الغا|ايقاف|انهاء) (?:ال)?اشتراك|لا (?:ترسل|اريد (?:\w+ ){0,5}(?:رسائل|استلام|تلقي))|(?:توقف|توقفوا|كفوا) عن|(?:ازال|احذف|حذف)\w* (?:\w+ ){0,5}(?:القائم|قائم|بريدي|اسمي)",
    r"退订|退訂|打扰|打擾|骚扰|取消(?:\w{0,6})(?:订阅|訂閱|推送)|(?:不要|别|別|勿|停止)(?:再|继续|向我|给我|給我|\w){0,4}(?:发|發|寄)|不(?:想|要|愿|希望)(?:再)?(?:收到|接收)|拒收|拒绝接收|(?:移除|移出|删除|删掉)(?:\w{0,6})(?:名单|列表|邮箱|地址|我)|从(?:\w{0,8})(?:名单|列表)",
    r"leiratkoz|iratkoz\w* le|dezabon|διαγραφ|απεγγραφ|відпис|відпиш|\bodjav|отписв|הסר|להסיר|תסירו|ביטול מנוי|huy dang ky|huy đang ky|berhenti berlangganan|batal\w* langganan|ยกเลก|सदसयता|uudiskirjast|atsisak\w+ prenumer|donar de baixa",
)  # fmt: skip


# Letters whose stroke or missing dot is no mark of its own.
_STROKES = str.maketrans({"ı": "i", "ł": "l", "ø": "o", "đ": "d"})


def folded(text: str) -> str:
    """Return the words of a text in the one form that phrases are compared in."""
    plain = _without_marks(unicodedata.normalize("NFKC", text).casefold())
    return " ".join("".join([char if char.isalnum() else " " for char in plain]).split())


def _without_marks(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text).translate(_STROKES)
    return unicodedata.normalize("NFC", "".join([char for char in decomposed if unicodedata.category(char)[0] != "M"]))


def _compiled(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{_without_marks(pattern.casefold())})" for pattern in patterns))


REQUEST = _compiled(*(pattern for patterns in REQUESTS.values() for pattern in patterns))
SIGN = _compiled(*SIGNS)
LEAD = _compiled(_LEAD)
TRAIL = _compiled(_TRAIL)
GREETING = _compiled(_GREETING)
SIGN_OFF = _compiled(_SIGN_OFF)
EXPLANATION = _compiled(*_EXPLANATIONS)
