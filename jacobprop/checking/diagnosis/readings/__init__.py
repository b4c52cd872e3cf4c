"""What one array beside the right one may mean: a file for each kind of evidence."""
