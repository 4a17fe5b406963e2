"""The course in other forms: a site to read and decks to show, from notebooks and their stored outputs.

Nothing here runs a cell or asks an engine.
"""
