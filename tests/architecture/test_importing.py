from __future__ import annotations

import subprocess
import sys

from tests.architecture.tree import ROOT, module_name, python_files

IMPORT_ALL = """
import importlib, socket, sys, threading

def refuse(*_, **__):
    raise RuntimeError("a connection at import")

socket.socket.connect = socket.socket.connect_ex = socket.socket.bind = refuse
socket.create_connection = socket.getaddrinfo = refuse
for name in sys.argv[1:]:
    try:
        importlib.import_module(name)
    except Exception as error:
        sys.exit(f"{name}: {type(error).__name__}: {error}")
    if threading.active_count() > 1:
        sys.exit(f"{name} starts a thread")
"""


def test_nothing_connects_and_no_thread_starts_at_import() -> None:
    modules = [module_name(file) for file in python_files("services", "shared")]
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL, *modules], cwd=ROOT, env={}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
