"""How does the company look, and with which pictures?

A *brand kit* is a workspace's logo, colours, fonts, social links and footer; mails are drawn with it. An *image* is a
picture of the library: what is served of it was encoded here, under a name nobody can guess, and stays as it is for as
long as a mail may show it.
"""
