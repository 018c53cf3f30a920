"""What the page is made of: its frame, style sheets and ES modules, which :mod:`bundling` makes one text each."""
