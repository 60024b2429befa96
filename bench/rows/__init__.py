"""One module for each piece of work: it names its rows and measures them."""
