"""`make screens`: pictures of the clinic's pages, in French and in English."""
