"""The console: Inter-Gestan in the browser, over the same functions as the command line. It holds no rule."""
