"""Whether what a site keeps is whole."""
