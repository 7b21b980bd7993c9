"""What a folder holds, what is wrong with it, and a corrected copy of it.

`layouts` tells how a set is laid out, `looking` reads its cases one by one, `checks` draws
conclusions, `repairing` writes a copy in which what can be put right is, `report` tells it all as
HTML. Nothing here changes a file of the set.
"""
