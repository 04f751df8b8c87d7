"""The guided start: questions in place of commands, for who begins."""
