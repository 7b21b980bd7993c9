"""Label maps: operations on them, what is measured of them, and their surfaces.

`operations.OPERATIONS` is the one list that the window's menus and the command line are made from.
"""
