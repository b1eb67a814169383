from __future__ import annotations

import json
import subprocess
import sys

from deploy.layout import CHECKOUT

COMMAND = [sys.executable, "-m", "services.checkins", "language"]


def test_a_pipe_that_waits_for_an_answer_gets_it() -> None:
    with subprocess.Popen(COMMAND, cwd=CHECKOUT, env={}, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as command:
        assert command.stdin
        assert command.stdout
        for number, text in enumerate(["I feel hopeless", "sunny day"]):
            command.stdin.write(json.dumps({"id": number, "text": text}).encode() + b"\n")
            command.stdin.flush()
            told = json.loads(command.stdout.readline())
            assert told["id"] == number
        command.stdin.close()
        assert command.wait() == 0


def test_wrong_lines_are_answered_and_end_nothing() -> None:
    lines = b'{"id": 1, "text": "sad"}\nnonsense\n{"id": 2, "text": "I want to die"}'
    done = subprocess.run(COMMAND, cwd=CHECKOUT, env={}, input=lines, capture_output=True, check=True)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [one["id"] for one in answers] == [1, None, 2]
    assert done.stderr == b""


def test_whoever_reads_no_further_is_told_nothing_more() -> None:
    many = b'{"id": 1, "text": "sad"}\n' * 20_000
    with subprocess.Popen(
        COMMAND, cwd=CHECKOUT, env={}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as command:
        assert command.stdin
        assert command.stdout
        assert command.stderr
        command.stdout.close()
        try:
            command.stdin.write(many)
            command.stdin.close()
        except BrokenPipeError:
            pass
        assert command.stderr.read() == b""
