"""The files of deploy/: checked by the validators of their kind, against our settings and command line, and run."""
