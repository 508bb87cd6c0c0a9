"""One file per experiment: a table or figure, what it should show and the record it writes."""
