"""The rehearsal's `oc`: reads a command line, asks the rehearsal cluster, prints what the real one prints.

It owns the words: flags, columns, error texts. What the cluster does is in the package above.
"""
