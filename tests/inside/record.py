#!/usr/bin/env python3
"""Runs every script of the cases with the real programs, beside a real nginx, and rewrites what they print.

Needs root (for a network and a mount namespace of its own), nginx, curl, busybox and Python's standard library.
nginx.txt runs in dash with GNU coreutils and curl, as in a Debian image; busybox.txt in busybox alone.
"""
import os, pathlib, re, subprocess, sys, tempfile, time

HERE = pathlib.Path(__file__).resolve().parent
PAGES = "/usr/share/nginx/html"
NGINX = """
daemon on; pid /run/nginx-recorded.pid; user www-data; worker_processes 1; error_log /dev/null;
events {}
http {
  server_tokens off;
  include /etc/nginx/mime.types; default_type application/octet-stream; access_log off; keepalive_timeout 65;
  server { listen 80; server_name localhost; location / { root /usr/share/nginx/html; index index.html index.htm; } }
}
"""
# What differs from run to run; the test does the same with what the playground prints.
VARIES = [
    (r"(Date|Last-Modified|date|last-modified): [^\r\n]*", r"\1: D"),
    (r'ETag: "[^"]*"', 'ETag: "E"'),
    (r"after \d+ ms", "after 0 ms"),
]


def cases(text):
    for block in ("\n" + text).split("\n=== ")[1:]:
        name, rest = block.split("\n", 1)
        yield name, rest.split("\n--- ", 1)[0]


def frame(match):
    """A frame of curl's meter without its speeds."""
    words = match[0].split()
    words[6] = words[11] = "N"
    return "\r" + " ".join(words)


def steady(text):
    for pattern, instead in VARIES:
        text = re.sub(pattern, instead, text)
    return re.sub(r"\r100 [^\r\n]*", frame, text)


def fresh():
    """A container's files: an empty volume for the pages, and nothing in /tmp."""
    for folder in (PAGES, "/tmp"):
        subprocess.run(["umount", "-q", folder], check=False)
        os.makedirs(folder, exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=1777" if folder == "/tmp" else "mode=755", "tmpfs", folder], check=True)


def run(shell, script):
    """Exit code, output and errors of a script; the shell goes by the name that it has in messages."""
    fresh()
    env = {"PATH": os.environ["INSIDE_PATH"], "HOME": "/root", "HOSTNAME": "web-0"}
    done = subprocess.run(["sh", *shell[1:], "-c", script] if len(shell) == 1 else [*shell, "-c", script],
                          executable=shell[0], cwd="/", env=env, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=20)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def section(text):
    return text if not text or text.endswith("\n") else text + "\n--- no newline\n"


def record(path, shell):
    out = []
    for name, script in cases(path.read_text()):
        code, stdout, stderr = run(shell, script)
        block = f"=== {name}\n{script}\n--- {code}\n{section(steady(stdout))}"
        if stderr:
            block += f"--- stderr\n{section(steady(stderr))}"
        # The files are read by people: carriage returns are written out.
        out.append(block.replace("\r", "\\r"))
    path.write_text("".join(out), newline="")


def inside():
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    subprocess.run(["hostname", "web-0"], check=True)
    work = pathlib.Path(tempfile.mkdtemp(dir="/run"))
    (work / "hosts").write_text("127.0.0.1\tlocalhost\n10.244.1.2\tweb-0.nginx.default.svc.cluster.local\tweb-0\n")
    (work / "resolv.conf").write_text("nameserver 127.0.0.1\n")
    for name in ("hosts", "resolv.conf"):
        subprocess.run(["mount", "--bind", work / name, f"/etc/{name}"], check=True)
    box = work / "box"
    box.mkdir()
    subprocess.run(["busybox", "--install", "-s", box], check=True)
    (work / "nginx.conf").write_text(NGINX)
    fresh()
    subprocess.run(["nginx", "-c", work / "nginx.conf"], check=True)
    try:
        os.environ["INSIDE_PATH"] = "/usr/local/bin:/usr/bin:/bin"
        record(HERE / "nginx.txt", ["/bin/sh"])
        os.environ["INSIDE_PATH"] = str(box)
        record(HERE / "busybox.txt", ["/bin/busybox", "sh"])
    finally:
        subprocess.run(["nginx", "-c", work / "nginx.conf", "-s", "stop"], check=False)


if len(sys.argv) > 1:
    inside()
else:
    sys.exit(subprocess.call(["unshare", "--mount", "--net", "--uts", sys.executable, __file__, "inside"]))
