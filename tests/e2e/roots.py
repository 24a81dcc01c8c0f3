#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Throw-away roots for the mail servers that tests and benchmarks talk to: Debian packages with all that they need,
unpacked into a folder, never installed. Nothing of the host changes, none of its services is started or replaced.

    roots.py [NAME...]    prepares them (all without names); as root, by scripts/setup test

A prepared root is only read: each user of it lays a file system in memory over it (class Root), in a mount, process
and network namespace of its own, and everything in there ends with the namespace's first process. Prepared roots stay
in /var/cache/barscreen-test (or the folder that BARSCREEN_ROOTS names); with them there, no network is needed.
"""
import fcntl
import glob
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile

CACHE = os.environ.get("BARSCREEN_ROOTS", "/var/cache/barscreen-test")
PATIENCE = 300  # seconds for one command
LAYOUT = 1  # to be raised when unpack() makes something else of the same packages

# What each root holds. "-" keeps out what a package's scripts would need and we don't run.
ROOTS = {
    "mail": ["postfix", "dovecot-core", "dovecot-lmtpd", "dash", "coreutils", "sed", "grep", "findutils",
             "hostname", "mawk", "usrmerge-", "perl-"],
    "dns": ["nsd", "unbound", "rbldnsd", "dash", "coreutils", "usrmerge-"],
}

# The users that the packages' scripts would have made: name, number, home.
USERS = [("root", 0, "/root"), ("nobody", 65534, "/nonexistent"), ("postfix", 101, "/var/spool/postfix"),
         ("dovecot", 102, "/nonexistent"), ("dovenull", 103, "/nonexistent"), ("vmail", 5000, "/var/mail")]
GROUPS = [("root", 0), ("nogroup", 65534), ("postfix", 101), ("postdrop", 104), ("dovecot", 102), ("dovenull", 103),
          ("mail", 8), ("tty", 5), ("vmail", 5000)]

LINKS = {"usr/bin/awk": "mawk", "var/run": "/run", "var/lock": "/run/lock"}


def run(*words, **more):
    """Runs a command to its end; what it printed. (Through a file: a daemon that it started may keep a pipe open.)"""
    with tempfile.TemporaryFile("w+", errors="replace") as output:
        more.setdefault("stdin", subprocess.DEVNULL)
        done = subprocess.run(words, stdout=output, stderr=subprocess.STDOUT, timeout=PATIENCE, **more)
        output.seek(0)
        said = output.read()
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(words)}: exit status {done.returncode}: {said[-2000:].strip()}")
    return said


def path(name):
    """Where the root is, or is to be. Another list of packages is another root."""
    key = hashlib.sha256(repr((LAYOUT, ROOTS[name], USERS, GROUPS)).encode()).hexdigest()[:12]
    return os.path.join(CACHE, f"{name}-{key}")


def prepare(name):
    """The root's folder; made if it is not there yet. Two at the same time wait for each other."""
    if os.path.isdir(path(name)):
        return path(name)
    os.makedirs(CACHE, mode=0o755, exist_ok=True)
    with open(os.path.join(CACHE, "lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.isdir(path(name)):
            make(name)
    return path(name)


def make(name):
    """All or nothing: the folder gets its name when it is complete."""
    print(f"unpacking {' '.join(word for word in ROOTS[name] if not word.endswith('-'))} for the tests", flush=True)
    work = tempfile.mkdtemp(prefix=f"{name}.", dir=CACHE)
    try:
        packages, root = os.path.join(work, "packages"), os.path.join(work, "root")
        fetch(packages, ROOTS[name])
        unpack(packages, root)
        os.chmod(root, 0o755)
        os.rename(root, path(name))
    finally:
        shutil.rmtree(work, ignore_errors=True)


def fetch(folder, packages):
    """Downloads the packages and everything that they depend on, as if nothing were installed."""
    os.makedirs(os.path.join(folder, "partial"))
    status = os.path.join(folder, "status")
    open(status, "w", encoding="ascii").close()
    options = ["-o", f"Dir::State::status={status}", "-o", f"Dir::Cache::archives={folder}",
               "-o", "APT::Sandbox::User=root", "-o", "Debug::NoLocking=1", "-q", "-y", "--no-install-recommends"]
    wanted = ["apt-get", *options, "install", "--download-only", *packages]
    try:
        run(*wanted)
    except RuntimeError:  # the list of packages may be old, or not be there yet
        run("apt-get", "update", "-q")
        run(*wanted)


def unpack(packages, root):
    for folder in ("bin", "sbin", "lib", "lib64"):  # Debian 12 is a merged /usr
        os.makedirs(os.path.join(root, "usr", folder))
        os.symlink(f"usr/{folder}", os.path.join(root, folder))
    for package in sorted(glob.glob(os.path.join(packages, "*.deb"))):
        with subprocess.Popen(("dpkg-deb", "--fsys-tarfile", package), stdout=subprocess.PIPE) as tar:
            run("tar", "-xf", "-", "-C", root, "--keep-directory-symlink", stdin=tar.stdout)
        if tar.returncode != 0:
            raise RuntimeError(f"{package} can't be unpacked")
    for folder in ("dev", "proc", "sys", "tmp", "run", "root", "var/mail"):
        os.makedirs(os.path.join(root, folder), exist_ok=True)
    os.chmod(os.path.join(root, "tmp"), 0o1777)
    for link, target in LINKS.items():
        if not os.path.lexists(os.path.join(root, link)):
            os.symlink(target, os.path.join(root, link))
    write(root, "etc/passwd", "".join(f"{name}:x:{number}:{number}::{home}:/bin/sh\n" for name, number, home in USERS))
    write(root, "etc/group", "".join(f"{name}:x:{number}:\n" for name, number in GROUPS))
    write(root, "etc/hosts", "127.0.0.1 localhost\n")
    write(root, "etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\nservices: files\n")
    write(root, "etc/resolv.conf", "")


def write(root, name, content):
    with open(os.path.join(root, name), "w", encoding="ascii") as out:
        out.write(content)


# The first process of a root: lays memory over it and waits. $1 the root, $2 where it is mounted, $3 the host name,
# then pairs: a folder of the host and where it is seen inside.
INIT = r"""
set -e
mount --make-rprivate /
lower=$1 top=$2 name=$3; shift 3
mount -t tmpfs -o mode=755 barscreen-test "$top"
mkdir "$top/upper" "$top/work" "$top/root"
mount -t overlay -o "lowerdir=$lower,upperdir=$top/upper,workdir=$top/work" barscreen-test "$top/root"
mount -t proc proc "$top/root/proc"
mount -t tmpfs -o mode=755 dev "$top/root/dev"
for device in null zero full random urandom tty; do
    touch "$top/root/dev/$device"
    mount --bind "/dev/$device" "$top/root/dev/$device"
done
mkdir -m 1777 "$top/root/dev/shm"
ln -s /proc/self/fd "$top/root/dev/fd"
while [ $# -gt 1 ]; do
    mkdir -p "$top/root$2"
    mount --bind "$1" "$top/root$2"
    shift 2
done
hostname "$name"
echo "127.0.0.1 localhost" >"$top/root/etc/hosts"
echo "127.0.1.1 $name" >>"$top/root/etc/hosts"
exec chroot "$top/root" /bin/sh -c 'echo ready; exec sleep infinity'
"""


class Root:
    """A prepared root in use, in the network namespace given, with folders of the host bound into it. Writes go to
    memory. end() ends all processes in it, and so does the end of this process."""

    def __init__(self, name, space, folder, hostname, binds=(), pin=()):
        """`folder`: made here, for the mounts. `binds`: pairs (host's folder, folder inside). `pin`: words before
        every command, like taskset's."""
        lower = prepare(name)
        os.makedirs(folder)
        self.space, self.pin = space, pin
        words = [word for pair in binds for word in pair]
        self.process = subprocess.Popen(
            space.inside(*pin, "setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--uts", "--ipc", "--pid",
                         "--fork", "--kill-child", "/bin/sh", "-c", INIT, "init", lower, folder, hostname, *words),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            start_new_session=True)
        said = self.process.stdout.readline()
        if said != "ready\n":
            raise RuntimeError(f"the root {name} could not be made: {said}{self.process.stdout.read()}")
        with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children", encoding="ascii") as file:
            self.first = int(file.read().split()[0])

    def inside(self, *words):
        """The words of a command, so that it runs inside."""
        return (*self.pin, "nsenter", "-t", str(self.first), "-m", "-u", "-i", "-p", "-n", "--root", "--wd", *words)

    def run(self, *words, **more):
        return run(*self.inside("/usr/bin/env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", *words), **more)

    def shell(self, script):
        """A script as a person would paste it; the first command that fails ends it."""
        return self.run("/bin/sh", "-ec", script)

    def write(self, name, content):
        with open(f"/proc/{self.first}/root{name}", "w", encoding="utf-8") as file:
            file.write(content)

    def read(self, name):
        with open(f"/proc/{self.first}/root{name}", encoding="utf-8", errors="replace") as file:
            return file.read()

    def pids(self):
        """{pid as the host counts: name} of what runs inside, but for the first process."""
        own = os.readlink(f"/proc/{self.first}/ns/pid")
        found = {}
        for entry in filter(str.isdigit, os.listdir("/proc")):
            try:
                if int(entry) == self.first or os.readlink(f"/proc/{entry}/ns/pid") != own:
                    continue
                with open(f"/proc/{entry}/stat", encoding="ascii", errors="replace") as file:
                    words = file.read()
            except OSError:
                continue  # it just ended
            if words.rpartition(")")[2].split()[0] != "Z":
                found[int(entry)] = words[words.index("(") + 1:words.rindex(")")]
        return found

    def end(self):
        """The end of the first process is the end of all (pid_namespaces(7)), and of the mounts."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdout.close()


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    for wanted in sys.argv[1:] or ROOTS:
        prepare(wanted)
