"""One set of settings for each place the platform runs in; `base` is what they share."""
