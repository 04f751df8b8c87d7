"""What answers, a file for each group of pages, beside the templates of the same name."""
