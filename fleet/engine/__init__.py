"""When visits happen and how many at once; none is lost."""
