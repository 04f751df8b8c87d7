"""What programs share: how a site is opened, a service started and watched, mail accounts tried."""
