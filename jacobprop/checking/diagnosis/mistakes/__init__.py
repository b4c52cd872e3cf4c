"""The catalogue of mistakes, by the place where they are made: one function yields all of a place."""
