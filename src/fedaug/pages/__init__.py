"""What every page of fedaug is made with, the coordinator's and a site's: facts, words, plots and one look.

A page is one HTML file that asks no other computer for anything. Nothing here knows a campaign or a record.
"""
