"""Command lines of the checkout, run as `python -m scripts.NAME` or by their paths."""

import sys

# Also a command that is started by its path, as where another `scripts` hides this one, finds
# modules of the working folder by their names.
sys.path.append("")
