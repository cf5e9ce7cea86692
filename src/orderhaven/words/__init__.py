"""How things are called on every screen and in every mail, in the language of whoever reads it.

Tables of English sentences, which are the ids of their translations; `core.translation` says them. What a word of ours is
called (a kind of problem, a tab, a trigger) stands beside it where it is defined: see `core.translation.NamedEnum`.
"""
