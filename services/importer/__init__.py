"""The importer: reads archived mails, decides, books, and applies answers."""
