"""Files of other software: tables and documents, orders in and orders out."""
