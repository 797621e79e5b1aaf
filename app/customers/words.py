"""Labels of customer fields and values, as message ids that pages translate."""

from __future__ import annotations

from app.kernel.translatable import N_

LABELS = {
    "email": N_("Email"),
    "external_ref": N_("Customer number"),
    "first_name": N_("First name"),
    "last_name": N_("Last name"),
    "language": N_("Language"),
    "country": N_("Country"),
    "city": N_("City"),
    "time_zone": N_("Time zone"),
    "gender": N_("Gender"),
    "birth_date": N_("Birth date"),
    "occupation": N_("Occupation"),
    "position": N_("Position"),
    "kind": N_("Kind of customer"),
    "preferred_channel": N_("Preferred channel"),
    "preferred_media": N_("Preferred media"),
    "information_sources": N_("Where they get their information"),
    "tags": N_("Tags"),
    "phone_numbers": N_("Phone numbers"),
    "other_emails": N_("Further email addresses"),
    "postal_addresses": N_("Postal addresses"),
    "provider": N_("Mailbox provider"),
    "created_at": N_("Known since"),
    "orders": N_("Number of purchases"),
    "spent": N_("Spent in total"),
    "items": N_("Items bought"),
    "first_purchase_at": N_("First purchase"),
    "latest_purchase_at": N_("Latest purchase"),
    "sent_count": N_("Mails sent"),
    "open_count": N_("Opens by a person"),
    "click_count": N_("Clicks by a person"),
    "latest_sent_at": N_("Latest mail sent"),
    "latest_open_at": N_("Latest open"),
    "latest_click_at": N_("Latest click"),
    "latest_reply_at": N_("Latest reply"),
    "latest_human_at": N_("Latest response by a person"),
    "stage": N_("Life-cycle stage"),
    "stage_since": N_("At this stage since"),
    "recency": N_("Recency (5 = bought lately)"),
    "frequency": N_("Frequency (5 = buys often)"),
    "monetary": N_("Value (5 = spends most)"),
    "value_tier": N_("Value tier"),
    "revenue_share": N_("Share of revenue"),
    "segment_label": N_("Buying pattern"),
    "consent": N_("Consent (yes or no)"),
    "unsubscribed": N_("Unsubscribed (yes, or when)"),
    "consented_at": N_("Consent given on"),
    "consent_method": N_("How consent was given"),
    "consent_wording": N_("Wording they agreed to"),
    "consent_source": N_("Page or form of the consent"),
    "consent_ip": N_("IP address of the consent"),
    "consent_topic": N_("Topic they agreed to"),
    "consent_purposes": N_("What they agreed to (marketing, open_tracking, ...)"),
}

GENDERS = {"female": N_("Female"), "male": N_("Male"), "other": N_("Other gender")}
CUSTOMER_KINDS = {"consumer": N_("Consumer"), "business": N_("Business contact")}
CHANNELS = {
    "email": N_("Email"),
    "phone": N_("Telephone"),
    "text": N_("Text message"),
    "post": N_("Post"),
    "visit": N_("Visit"),
}

STAGES = {
    "prospect": N_("Prospect"),
    "lead": N_("Lead"),
    "customer": N_("New customer"),
    "active": N_("Active customer"),
    "at_risk": N_("At risk"),
    "inactive": N_("Inactive"),
    "lapsed_inquirer": N_("Lapsed inquirer"),
}

TIERS = {
    "top_1": N_("Top 1 percent"),
    "top_10": N_("1–10 percent"),
    "top_25": N_("10–25 percent"),
    "middle": N_("25–75 percent"),
    "rest": N_("Lowest 25 percent"),
}

PATTERNS = {
    "champion": N_("Champion"),
    "loyal": N_("Loyal"),
    "promising": N_("Promising"),
    "at_risk": N_("At risk"),
    "sleeping": N_("Lapsed"),
    "occasional": N_("Occasional"),
}
