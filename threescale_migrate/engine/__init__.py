"""The only changer: apply, wait, undo, with the journal and the signals. It decides nothing that `guide` can decide."""
