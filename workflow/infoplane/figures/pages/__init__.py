"""One module per figure: its table, and the drawing of that table."""
