"""`new-module` and `new-connector`: a folder that is green at once, from the templates beside this file.

templates/ holds real files, `.txt` behind their names so that no checker takes them for code of ours;
`NAME` in a path and `@{word}` in a text are filled in. Two lines outside of the new folders are written,
both in the catalogue.
"""
