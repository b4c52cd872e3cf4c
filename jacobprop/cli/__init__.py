"""The command line: click for the options, rich for the screen."""
