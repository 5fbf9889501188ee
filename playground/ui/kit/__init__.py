"""What all panels are made of: theme, words and numbers, plots, forms, what a view is given. It knows no panel."""
