"""docs/operations.md, typed on new Debian machines under a running systemd: `make clean-system`, as root on Debian.

Three machines are made with debootstrap and booted by systemd-nspawn, each in a network of its own: depot, shop, and
the provider of their mail accounts. apt and pip are configured as on this machine. All of it goes at the end. No test
of `make test`, for it needs root, the packages' servers and ten minutes.
"""
