"""What a mail says to a person, as text and as HTML, in French and in English."""
