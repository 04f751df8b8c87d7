"""Who is there, and may they: sessions, login, the walls against other people's pages, rights."""
