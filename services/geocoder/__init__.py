"""The geocoder: asks a provider where addresses lie, where one was chosen."""
