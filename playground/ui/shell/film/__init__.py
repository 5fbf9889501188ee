"""Films of a run: its moments painted off screen, one after another, and written as WebP, GIF or MP4."""
