"""The mails a campaign can begin with, in blocks, in every language of staff."""
