#!/usr/bin/env python3
"""Runs every script of the cases with the real bash and rewrites the expected output."""
import os, pathlib, subprocess, sys, tempfile

HERE = pathlib.Path(__file__).parent


def cases(text):
    for block in text.split("\n=== ")[0:]:
        block = block.removeprefix("=== ")
        if not block.strip():
            continue
        name, rest = block.split("\n", 1)
        yield name, rest.split("\n--- ", 1)[0]


def run(script):
    with tempfile.TemporaryDirectory() as folder:
        for name in ("web.yaml", "pods.txt"):
            (pathlib.Path(folder) / name).write_text((HERE / "files" / name).read_text())
        env = {"PATH": os.environ["PATH"], "LC_ALL": "C", "HOME": folder, "PWD": folder}
        done = subprocess.run(["bash", "--norc", "-c", script], cwd=folder, env=env, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=20)
        return done.returncode, done.stdout


def main():
    names = sys.argv[1:] or sorted(str(path) for path in HERE.glob("*.txt"))
    for path in map(pathlib.Path, names):
        out = []
        for name, script in cases(path.read_text()):
            code, printed = run(script + "\n")
            if printed and not printed.endswith("\n"):
                printed += "\n--- no newline\n"
            out.append(f"=== {name}\n{script}\n--- {code}\n{printed}")
        path.write_text("".join(out))


main()
