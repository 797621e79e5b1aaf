"""The mails of the demonstration's shop, each in another format."""

AUTUMN = """\
<mjml>
  <mj-head>
    <mj-attributes><mj-all font-family="Georgia, serif" /><mj-text font-size="16px" line-height="1.5" /></mj-attributes>
  </mj-head>
  <mj-body background-color="#f4f1ea">
    <mj-section background-color="#ffffff">
      <mj-column>
        <mj-text font-size="24px">
          Good to see you{% if customer.first_name %}, {{ customer.first_name }}{% endif %}
        </mj-text>
        <mj-text>The new harvest is in: three teas we waited for all year, in small boxes.</mj-text>
        <mj-text>{% if customer.country == "CN" %}包邮寄往{{ customer.city|default("您的城市") }}。{% else %}\
Shipping to {{ customer.city|default("your town") }} is on us this week.{% endif %}</mj-text>
        <mj-button href="https://www.nightjar-tea.example/harvest">See the harvest</mj-button>
      </mj-column>
    </mj-section>
    <mj-section background-color="#ffffff">
      <mj-column>
        <mj-text>{% if purchases %}You know these already:{% else %}A good first choice:{% endif %}</mj-text>
        <mj-text>
          {% for item in purchases %}· {{ item.product }}, {{ item.purchased_on|date }}<br />{% endfor %}
        </mj-text>
        <mj-text><a href="https://www.nightjar-tea.example/recipes">Three recipes for a rainy day</a></mj-text>
      </mj-column>
    </mj-section>
    <mj-section>
      <mj-column>
        <mj-text font-size="13px">{{ workspace.postal_address }}<br />
          <a href="{{ preferences_url }}">Choose what we may write about</a> ·
          <a href="{{ unsubscribe_url }}">Stop these mails</a></mj-text>
      </mj-column>
    </mj-section>
  </mj-body>
</mjml>
"""

WINTER = """\
# A quiet evening{% if customer.first_name %}, {{ customer.first_name }}{% endif %}

The **advent box** is back: twenty-four teas, one a day.

{% if purchases %}You had {{ purchases[0].product }} from us. It goes well with our new cups.{% endif %}

[Look inside the box](https://www.nightjar-tea.example/advent)

[How to brew it](https://www.nightjar-tea.example/brewing)
"""
