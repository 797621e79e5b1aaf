"""What fields, links and dates are called in the merge tags of other tools, and what they are called here."""

from __future__ import annotations

import re
from collections.abc import Collection

from app.rendering.language.syntax import CUSTOMER_FIELDS

_CALLED = {
    "customer.first_name": "firstname fname first givenname forename vorname prenom nombre firstnamefix voornaam nome",
    "customer.last_name": "lastname lname last surname familyname nachname nom apellido apellidos achternaam cognome",
    "customer.email": "email emailaddress emailaddr emailto recipientemail toemail useremail emailid mailaddress",
    "customer.city": "city town ort ville ciudad",
    "customer.country": "country countrycode pays",
    "customer.language": "language lang locale sprache",
    "workspace.sender_name": "listcompany company companyname organizationname organisationname shopname "
    "sitesettingscompanyname sendername senderbusiness memberbusname fromname orgname storename accountname brandname "
    "businessname senderorganization websitename sitename",
    "workspace.postal_address": "listaddress listaddresshtml htmllistaddresshtml listaddressline companyaddress "
    "organizationfulladdress organizationaddress shopaddress senderinfo senderinfosingleline memberaddr senderaddress "
    "companyfulladdress physicaladdress mailingaddress sitesettingscompanystreetaddress1 postaladdress accountaddress "
    "locationaddress senderfulladdress businessaddress address companystreetaddress1 fulladdress",
    "unsubscribe_url": "unsub unsubscribe unsubscribeurl unsubscribelink unsubscribelinkall unsublink unsuburl "
    "optouturl optout optoutlink unsubscribeall unsubcenterurl subscriptionunsubscribeurl "
    "linksubscriptionunsubscribeurl "
    "linkunsubscribe removeweb remove unsubscriptionurl asmgroupunsubscriberawurl asmglobalunsubscriberawurl "
    "asmgroupunsubscribeurl pmunsubscribeurl pmunsubscribe settousertounsubscribedurl setusertounsubscribedurl "
    "optoutconfirmurl oneclickunsubscribeurl liunsubscribe unsubscribetag unsubscribelinken unsublinken unsublinkfr "
    "unsublinkde unsublinkes globalunsubscribeurl subscriberunsubscribeurl unsubscribelinkurl unsubscribetext "
    "systemunsubscribelink unsubscriberurl",
    "preferences_url": "updateprofile preferences preferencesurl managepreferences managepreferencesurl "
    "managepreferenceslink preferencecenter preferencecenterurl emailpreferencecenter subscriptionpreferencesurl "
    "managesubscriptionpreferencesurl managesubscriptionsurl profilecenterurl subscriptioncenterurl updateprofileurl "
    "manageurl asmpreferencesrawurl unsubscribepreferences updatepreferences linksubscriptionmanageurl manageprofile "
    "updateprofilelink preferencelink managesubscription setusertosubscribedurl emailpreferences updatelink",
}
_OURS = {name: ours for ours, names in _CALLED.items() for name in names.split()}
# A whole name is two of our fields.
WHOLE_NAME = frozenset({"name", "fullname", "contactname", "subscribername", "recipientname", "username"})
YEAR = frozenset({"currentyear", "year", "dateyear", "datey", "thisyear", "todayy", "nowy", "currentyear4"})
# The preview line is a field of its own, which is added to every mail.
NOT_NEEDED = frozenset({"mcpreviewtext", "previewtext", "preheader", "preheadertext", "previewline", "tracking"})
# Known elsewhere, and without a counterpart here: told, and left.
_WITHOUT = (
    "archive archivelink webversion viewinbrowser viewinbrowserurl browserurl mirror mirrorurl mirrorlink forward "
    "forwardtoafriend viewaspageurl webview webviewurl webcopy permalink viewemailurl rewards subject mcsubject date "
    "today phone birthday subscriberid listname listdescription aboutlist mctoc userid contactid fulldate mcdate "
    "currentmonth currentday onlineversion weblink publicurl viewonline viewonlineurl"
)
WITHOUT_COUNTERPART = frozenset(_WITHOUT.split())
_WORD = re.compile(r"[A-Za-z0-9\u0080-\uffff]+")
_BEFORE_THE_DOT = (
    "contact person customer subscriber user recipient lead member profile data var custom customattribute merge "
    "mergefields contactfield system account organization organisation company shop sitesettings workspace pm link "
    "attributes properties traits personalization sub li message my campaign sender email content params"
)
_OWNERS = frozenset(_BEFORE_THE_DOT.split())


def plain(name: str) -> str:
    """Return a name without case and signs."""
    return "".join(_WORD.findall(name)).casefold()


def is_known(name: str) -> bool:
    """Say whether other tools use this name for something we understand, be it without a counterpart."""
    return any(
        each in _OURS or each in WHOLE_NAME or each in YEAR or each in NOT_NEEDED or each in WITHOUT_COUNTERPART
        for each in _spellings(name)
    )


def find(name: str, own_fields: Collection[str] = ()) -> str | None:
    """Return our name of a field, link or address; None where there is none."""
    fields = {plain(field): f"customer.{field}" for field in (*own_fields, *CUSTOMER_FIELDS)}
    for each in _spellings(name):
        if each in fields:
            return fields[each]
        if each in _OURS:
            return _OURS[each]
    return None


def is_one_of(name: str, names: frozenset[str]) -> bool:
    """Say whether a name, with or without its owner, is in a set of plain ones."""
    return any(each in names for each in _spellings(name))


def _spellings(name: str) -> list[str]:
    """Return the whole name, then the name without its owner: ``contact.firstname`` is the first name."""
    parts = [part for part in re.split(r"[.:]", name) if plain(part)]
    whole = [plain(name)]
    while len(parts) > 1 and plain(parts[0]) in _OWNERS:
        parts = parts[1:]
        whole.append(plain(".".join(parts)))
    owner = re.match(r"(?:contact|subscriber|recipient|customer|user|member)[_ ](.+)", name, re.IGNORECASE)
    return [*whole, plain(owner[1])] if owner else whole
