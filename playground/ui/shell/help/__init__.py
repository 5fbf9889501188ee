"""Help: a page for each panel, each thing that can be chosen, and each of the field's words; and all keys at a glance."""
