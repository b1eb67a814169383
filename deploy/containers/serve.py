"""The images' entry point: becomes the one service whose code the image holds, with the arguments given."""

import os
import sys

if __name__ == "__main__":
    os.execv(sys.executable, [sys.executable, "-m", f"services.{os.environ['SERVICE']}", *sys.argv[1:]])  # noqa: S606
