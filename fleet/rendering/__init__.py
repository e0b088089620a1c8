"""Words, pictures and CSV that web pages, dossiers and the command line share."""
