"""Images and volumes of which is known what is in them, not where: from files to slices.

What is learnt from are `Scan`s, which have labels of whole slices and no masks. Masks, where there
are any, are read for two things alone: `opening` tells from them which slices show something, and
`truth` reads them to judge by.
"""
