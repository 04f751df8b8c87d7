"""The HTTP API below `/api/v1`: what programs ask and do, by the functions that pages and command line call."""
