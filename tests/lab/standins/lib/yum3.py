"""What yum 3 does and dnf does not: names that are patterns over name and version, unknown names
passed over, its lock, its question without a terminal, swap by patterns. dnf does the work."""
import fnmatch
import os
import shutil
import subprocess
import sys
import time

import dnf
import rpm

sys.stdout.reconfigure(line_buffering=True)

LOCK = "/var/run/yum.pid"
NOT_DNF = ("exit_on_lock", "skip_missing_names_on_install", "skip_missing_names_on_update", "tsflags=repackage")
CHANGES = ("install", "remove", "erase", "swap", "downgrade", "update", "upgrade", "reinstall", "localinstall")


class Request:
    """A command line: options for dnf, the command, its words, and what is yum's own."""

    def __init__(self, argv):
        self.options, self.words, self.own, self.yes = [], [], {}, False
        self.repos, self.no_excludes, self.quiet, self.dest = [], False, False, "."
        ends = False
        argv = iter(argv)
        for word in argv:
            if ends or not word.startswith("-"):
                self.words.append(word)
            elif word == "--":
                self.words.append(word)
                ends = "swap" not in self.words
            elif word in ("-y", "--assumeyes"):
                self.yes = True
            elif word in ("--disablerepo", "--enablerepo", "--setopt", "--disableexcludes", "--downloaddir",
                          "--destdir", "-x", "--exclude", "-c", "--installroot", "-d", "-e"):
                self.take(f"{word}={next(argv, '')}")
            else:
                self.take(word)
        self.words = [w for w in self.words if w != "--" or "swap" in self.words]
        self.command = self.words.pop(0) if self.words else ""

    def take(self, word):
        key, _, value = word.partition("=")
        if key == "--setopt" and value.startswith(NOT_DNF):
            name, _, setting = value.partition("=")
            self.own[name] = setting
            return
        if key in ("--disablerepo", "--enablerepo"):
            self.repos.append((key == "--enablerepo", value))
        if key == "--disableexcludes":
            self.no_excludes = True
        if key == "--destdir":
            self.dest = value
            return
        self.quiet = self.quiet or key in ("-q", "--quiet")
        if key not in ("-C", "--nogpgcheck", "-d", "-e"):
            self.options.append(word)


def sack(request, no_excludes=False):
    base = dnf.Base()
    base.conf.read()
    if request.no_excludes or no_excludes:
        base.conf.disable_excludes = ["all"]
    base.conf.substitutions["releasever"] = "7Server"
    base.read_all_repos()
    for enable, pattern in request.repos:
        for ident in pattern.split(","):
            for repo in base.repos.get_matching(ident):
                repo.enable() if enable else repo.disable()
    try:
        base.fill_sack()
    except dnf.exceptions.Error as error:
        print(error, file=sys.stderr)
        sys.exit(1)
    return base


def forms(pkg):
    n, v, r, a, e = pkg.name, pkg.version, pkg.release, pkg.arch, pkg.epoch
    return (n, f"{n}.{a}", f"{n}-{v}", f"{n}-{v}-{r}", f"{n}-{v}-{r}.{a}", f"{e}:{n}-{v}-{r}", f"{e}:{n}-{v}-{r}.{a}",
            f"{n}-{e}:{v}-{r}", f"{n}-{e}:{v}-{r}.{a}")


def match(packages, pattern):
    if pattern.startswith("/"):
        return []
    return [p for p in packages if any(fnmatch.fnmatchcase(form, pattern) for form in forms(p))]


def newest(packages):
    best = {}
    for pkg in packages:
        if pkg.name not in best or pkg > best[pkg.name]:
            best[pkg.name] = pkg
    return list(best.values())


def exact(pkg):
    return f"{pkg.name}-{pkg.epoch}:{pkg.version}-{pkg.release}.{pkg.arch}"


def dnf_run(request, *words, stdin=None):
    return subprocess.run(["/usr/bin/dnf", *request.options, *words], stdin=stdin, check=False).returncode


def transaction(request, *words):
    """Run a transaction as yum asks for it: -y, or a question that needs an answer."""
    if request.yes:
        return dnf_run(request, "-y", *words)
    if sys.stdin.isatty():
        return dnf_run(request, *words)
    dnf_run(request, "--assumeno", *words, stdin=subprocess.DEVNULL)
    print("Is this ok [y/d/N]: ", end="", flush=True)
    if sys.stdin.readline().strip().lower() in ("y", "yes"):
        return dnf_run(request, "-y", *words)
    print("Exiting on user command\nYour transaction was saved, rerun it with:\n yum load-transaction /tmp/yum_save_tx.yumtx")
    return 1


def local_package(path):
    """The package in a file, as (name, (epoch, version, release))."""
    form = "%{NAME}\t%{EPOCHNUM}\t%{VERSION}\t%{RELEASE}"
    answer = subprocess.run(["rpm", "-qp", "--nosignature", "--qf", form, path], capture_output=True, text=True, check=False)
    if answer.returncode:
        print(f"Cannot open: {path}. Skipping.")
        return None
    name, *evr = answer.stdout.split("\t")
    return name, tuple(evr)


def wanted(base, patterns):
    """What `install` would take: exact names, saying what is missing or already there."""
    installed, available = list(base.sack.query().installed()), list(base.sack.query().available())
    have = {p.name: p for p in newest(installed)}
    take = []
    for pattern in patterns:
        if pattern.endswith(".rpm") and os.path.exists(pattern):
            package = local_package(pattern)
            old = have.get(package[0]) if package else None
            if old and rpm.labelCompare(package[1], (str(old.epoch), old.version, old.release)) <= 0:
                print(f"{pattern}: does not update installed package.")
            elif package:
                take.append(pattern)
            continue
        found = newest(match(available, pattern))
        if not found:
            there = match(installed, pattern)
            if there:
                print(f"Package {there[0]} already installed and latest version")
            else:
                print(f"No package {pattern} available.")
        for pkg in found:
            old = have.get(pkg.name)
            if old is None or old < pkg:
                take.append(exact(pkg))
            elif old > pkg:
                print(f"Package matching {pkg} already installed. Checking for update.")
            else:
                print(f"Package {old} already installed and latest version")
    return take


def install(request):
    take = wanted(sack(request), request.words)
    if not take:
        print("Error: Nothing to do" if not request.quiet else "", file=sys.stderr)
        return 0 if all_there(request) else 1
    return transaction(request, "install", *take)


def all_there(request):
    """yum's answer to `install` of what is already there is "Nothing to do", rc 0."""
    installed = list(sack(request, True).sack.query().installed())
    return all(match(installed, word) for word in request.words)


def remove(request):
    installed, take = list(sack(request, True).sack.query().installed()), []
    for pattern in request.words:
        found = match(installed, pattern)
        if not found:
            print(f"No Match for argument: {pattern}")
        take += [exact(p) for p in found]
    if not take:
        print("No Packages marked for removal")
        return 0
    request.options.append("--disableexcludes=all")
    return transaction(request, "remove", *take)


def swap_sides(words):
    """swap A B, or swap -- remove A... -- install B..."""
    if "--" not in words:
        return words[:1], words[1:]
    sides, side = {"remove": [], "install": []}, None
    words = iter(words)
    for word in words:
        if word == "--":
            side = next(words, "")
            side = {"erase": "remove"}.get(side, side)
            continue
        sides.setdefault(side, []).append(word)
    return sides["remove"], sides["install"]


def swap(request):
    out, into = swap_sides(request.words)
    base = sack(request)
    installed = list(sack(request, True).sack.query().installed())
    gone = {exact(p): p for pattern in out for p in match(installed, pattern)}
    if not gone:
        for pattern in out:
            print(f"No Match for argument: {pattern}")
        return 0
    available, take = list(base.sack.query().available()), []
    for pattern in into:
        found = newest(match(available, pattern))
        if not found:
            print(f"No package {pattern} available.")
        take += found
    if not take:
        print("Error: Nothing to do", file=sys.stderr)
        return 1
    stay = {p.name for p in take}
    script = "".join(f"remove {name}\n" for name, p in gone.items() if p.name not in stay)
    script += "".join(f"install {exact(p)}\n" for p in take) + "run\n"
    path = f"/run/yum-swap-{os.getpid()}"
    with open(path, "w", encoding="utf-8") as file:
        file.write(script)
    request.options.append("--disableexcludes=all")
    try:
        return transaction(request, "shell", path)
    finally:
        os.unlink(path)


def downgrade(request):
    base, take = sack(request), []
    installed = {p.name: p for p in base.sack.query().installed()}
    for pattern in request.words:
        if pattern.endswith(".rpm") and os.path.exists(pattern):
            package = local_package(pattern)
            old = installed.get(package[0]) if package else None
            if old and rpm.labelCompare(package[1], (str(old.epoch), old.version, old.release)) < 0:
                take.append(pattern)
            else:
                print(f"No Match for available package: {pattern}")
            continue
        lower = [p for p in match(list(base.sack.query().available()), pattern)
                 if p.name in installed and p < installed[p.name]]
        if not lower:
            print(f"No package {pattern} available.")
        take += [exact(p) for p in newest(lower)]
    if not take:
        print("Error: Nothing to do", file=sys.stderr)
        return 1
    return transaction(request, "downgrade", *take)


def lock(request):
    """Take yum's lock; wait for it as yum does."""
    said = False
    while True:
        try:
            with open(LOCK, encoding="ascii") as file:
                pid = int(file.read().split()[0])
            os.kill(pid, 0)
        except (OSError, ValueError, IndexError):
            break
        print(f"Existing lock {LOCK}: another copy is running as pid {pid}.", flush=True)
        if request.own.get("exit_on_lock") in ("1", "True", "yes"):
            print("Another app is currently holding the yum lock; exiting as configured by exit_on_lock", file=sys.stderr)
            sys.exit(200)
        if not said:
            print("Another app is currently holding the yum lock; waiting for it to exit...", flush=True)
            print(f"  The other application is: yum\n    State  : Running, pid: {pid}", flush=True)
            said = True
        time.sleep(2)
    with open(LOCK, "w", encoding="ascii") as file:
        file.write(str(os.getpid()))


def unlock():
    try:
        with open(LOCK, encoding="ascii") as file:
            if file.read().strip() == str(os.getpid()):
                os.unlink(LOCK)
    except OSError:
        pass


def yum(argv):
    request = Request(argv)
    if request.command in CHANGES:
        if os.geteuid() != 0:
            print("You need to be root to perform this command.", file=sys.stderr)
            return 1
        lock(request)
        try:
            act = {"install": install, "localinstall": install, "remove": remove, "erase": remove, "swap": swap,
                   "downgrade": downgrade}.get(request.command)
            if act is None:
                return transaction(request, request.command, *request.words)
            return act(request)
        finally:
            unlock()
    if not request.command:
        return dnf_run(request, *argv)
    more = ["-y"] if request.yes else []
    return dnf_run(request, *more, request.command, *request.words)


def yumdownloader(argv):
    request = Request(argv)
    names = [w for w in [request.command, *request.words] if w]
    base, status = sack(request), 0
    os.makedirs(request.dest, exist_ok=True)
    for pattern in names:
        found = newest(match(list(base.sack.query().available()), pattern))
        if not found:
            print(f"No Match for argument {pattern}")
            status = 1
        for pkg in found:
            shutil.copy(pkg.localPkg(), request.dest)
    if not names or (status and len(names) == 1):
        print("Nothing to download")
    return status
