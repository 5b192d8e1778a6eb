//! The programs of a simulated host against the real ones of this machine: the same commands, on the
//! same tree, with the same answers.
//!
//! A row is a command line; `@/` stands for the tree's directory, and rows see what earlier ones did.
//! Where RHEL 7's program says something in other words than this machine's, the row begins with `~`
//! and what is said on standard error is not compared. Where a program shows a directory's entries as
//! the file system has them, the row begins with `=` and the order of lines is not compared.

use std::io::Write;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use ocpdg::transport::sim::Sim;
use ocpdg::transport::sim::cluster::Cluster;
use ocpdg::transport::sim::files::{Actor, Node};
use ocpdg::transport::sim::machine::Machine;
use ocpdg::transport::{Command, Output, Transport};

/// 2018-04-05 09:15:02 UTC.
const NOW: Duration = Duration::from_secs(1_522_919_702);

/// What the tree holds: directories, files with their content, links with their targets.
const TREE: &[(&str, &str)] = &[
    ("text/", ""),
    ("text/fruit", "pear\napple\napple\nfig\nbanana\n"),
    ("text/numbers", "10\n9\n2\n33\n1\n"),
    ("text/table", "b:2:x\na:10:y\nc:1:x\n"),
    (
        "text/words",
        "  two words\tand a tab\n\n\nlast line without end",
    ),
    ("text/empty", ""),
    (
        "text/config",
        "# comment\nexclude=docker*\n[main]\nkey = value with spaces\nOPTIONS=\"--a --b\"\n",
    ),
    ("deep/", ""),
    ("deep/one/", ""),
    ("deep/one/two/", ""),
    ("deep/one/two/file", "at the bottom\n"),
    ("deep/one/.hidden", "hidden\n"),
    ("deep/link", "-> one/two/file"),
    ("deep/dangling", "-> nowhere"),
    ("deep/directory", "-> one"),
    ("work/", ""),
];

/// The real directory and the simulated host with the same tree.
struct Pair {
    real: tempfile::TempDir,
    sim: Sim,
}

impl Pair {
    fn new() -> Self {
        let real = tempfile::Builder::new().prefix("sim").tempdir().unwrap();
        let root = real.path().to_str().unwrap();
        let mut machine = Machine::new("m1.example.com", "192.0.2.11", 1 << 30, NOW);
        let by = Actor::root(NOW);
        machine.lay(root, Node::directory(NOW).mode(0o700), &by);
        for (name, content) in TREE {
            let path = format!("{root}/{name}");
            if let Some(target) = content.strip_prefix("-> ") {
                std::os::unix::fs::symlink(target, &path).unwrap();
                machine.lay(&path, Node::link(target, NOW), &by);
            } else if let Some(path) = path.strip_suffix('/') {
                std::fs::create_dir(path).unwrap();
                set_mode(path, 0o755);
                machine.lay(path, Node::directory(NOW), &by);
            } else {
                std::fs::write(&path, content).unwrap();
                set_mode(&path, 0o644);
                let file = std::fs::File::options().write(true).open(&path).unwrap();
                file.set_modified(std::time::UNIX_EPOCH + NOW).unwrap();
                machine.lay(&path, Node::file(*content, NOW), &by);
            }
        }
        let cluster = Arc::new(Cluster::new(vec![machine], NOW));
        let sim = Sim::new(&cluster, "m1.example.com", false, None);
        Self { real, sim }
    }

    fn words(&self, line: &str) -> Vec<String> {
        split(line)
            .into_iter()
            .map(|word| word.replace("@/", &format!("{}/", self.real.path().to_str().unwrap())))
            .collect()
    }

    fn really(&self, argv: &[String], input: &str) -> (i64, String, String) {
        let mut child = std::process::Command::new(&argv[0])
            .args(&argv[1..])
            .env_clear()
            .env(
                "PATH",
                "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            )
            .env("LC_ALL", "C")
            .env("TZ", "UTC")
            .current_dir(self.real.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", argv[0]));
        // A program that does not read its input to the end is no failure.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        (
            output.status.code().unwrap_or(-1).into(),
            String::from_utf8_lossy(&output.stdout).into_owned(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    }

    fn simulated(&self, argv: &[String], input: &str) -> (i64, String, String) {
        let command = Command::changes(argv.iter().cloned())
            .env("LC_ALL", "C")
            .env("TZ", "UTC")
            .stdin(input);
        let output = self
            .sim
            .output(&command)
            .unwrap_or_else(|failure| panic!("{argv:?}: {failure}"));
        shown(&output)
    }

    /// Runs `rows`, and fails with all that differ.
    fn agree(&self, rows: &[&str]) {
        self.agree_on("", rows);
    }

    fn agree_on(&self, input: &str, rows: &[&str]) {
        let mut wrong = Vec::new();
        for row in rows {
            let line = row.trim_start_matches(['~', '=']);
            let argv = self.words(line);
            let (mut real, mut sim) = (self.really(&argv, input), self.simulated(&argv, input));
            if row.starts_with('~') {
                (real.2, sim.2) = (String::new(), String::new());
            }
            if row.starts_with('=') {
                for text in [&mut real.1, &mut sim.1] {
                    let mut lines: Vec<&str> = text.lines().collect();
                    lines.sort_unstable();
                    *text = lines.join("\n");
                }
            }
            if real != sim {
                wrong.push(format!("{line}\n  real {real:?}\n  sim  {sim:?}"));
            }
        }
        assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
    }
}

fn set_mode(path: impl AsRef<Path>, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

fn shown(output: &Output) -> (i64, String, String) {
    (
        output.exit.code(),
        String::from_utf8_lossy(&output.stdout).into_owned(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

/// A line as words; single quotes hold them together.
fn split(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted, mut started) = (Vec::new(), String::new(), false, false);
    for letter in line.chars() {
        match letter {
            '\'' => (quoted, started) = (!quoted, true),
            ' ' if !quoted => {
                if started {
                    words.push(std::mem::take(&mut word));
                }
                started = false;
            }
            letter => {
                word.push(letter);
                started = true;
            }
        }
    }
    if started {
        words.push(word);
    }
    words
}

#[test]
fn text_is_shown_and_counted() {
    let pair = Pair::new();
    pair.agree_on(
        "from\nstandard input\n",
        &[
            "cat",
            "cat @/text/fruit - @/text/empty",
            "cat -n @/text/words",
            "cat -b @/text/words",
            "cat -s @/text/words",
            "cat -A @/text/words",
            "cat @/nothing @/text/numbers",
            "cat @/text",
            "cat -- @/text/numbers",
            "head -n 2 @/text/fruit",
            "head -2 @/text/fruit",
            "head -n -2 @/text/fruit",
            "head -c 7 @/text/fruit",
            "head -c -7 @/text/fruit",
            "head -n 1 @/text/fruit @/text/numbers",
            "head -q -n 1 @/text/fruit @/text/numbers",
            "head @/nothing",
            "head @/text",
            "head -n x @/text/fruit",
            "head -n 0 @/text/fruit",
            "tail -n 2 @/text/fruit",
            "tail -2 @/text/fruit",
            "tail -n +2 @/text/fruit",
            "tail -c 3 @/text/words",
            "tail -c +3 @/text/words",
            "tail -n 1",
            "tail @/nothing",
            "tail -v -n 1 @/text/words",
            "wc @/text/fruit",
            "wc -l @/text/fruit",
            "wc -l @/text/fruit @/text/words",
            "wc -lc @/text/words",
            "wc -w",
            "wc",
            "wc @/text @/text/fruit",
            "wc -c @/nothing",
            "wc -m @/text/fruit",
            "tee @/work/tee",
            "tee -a @/work/tee",
            "cat @/work/tee",
            "tee @/work",
            "seq 3",
            "seq 2 4",
            "seq 10 -3 1",
            "seq -w 8 11",
            "seq 0.5 0.5 2",
            "seq -s , 3",
            "seq 5 1",
            "seq x",
        ],
    );
}

#[test]
fn text_is_taken_apart() {
    let pair = Pair::new();
    pair.agree_on(
        "the quick brown fox\nTHE  END\n",
        &[
            "sort @/text/fruit",
            "sort -r @/text/fruit",
            "sort -u @/text/fruit",
            "sort -n @/text/numbers",
            "sort @/text/numbers",
            "sort -nr @/text/numbers",
            "sort -t : -k 2 -n @/text/table",
            "sort -t : -k 2n @/text/table",
            "sort -t : -k 3,3 -k 1,1r @/text/table",
            "sort -t: -k3,3 -s @/text/table",
            "sort -V @/text/numbers",
            "sort -c @/text/numbers",
            "sort -f",
            "sort -o @/work/sorted @/text/fruit",
            "cat @/work/sorted",
            "sort @/nothing",
            "uniq @/text/fruit",
            "uniq -c @/text/fruit",
            "uniq -d @/text/fruit",
            "uniq -u @/text/fruit",
            "cut -d : -f 2 @/text/table",
            "cut -d: -f1,3 @/text/table",
            "cut -d: -f2- @/text/table",
            "cut -c 1-3",
            "cut -b2,4",
            "cut -d ' ' -f 2 -s @/text/fruit",
            "cut -d ' ' -f 1,2 --output-delimiter=+",
            "cut --complement -d ' ' -f 1",
            "tr a-z A-Z",
            "tr -d '[:space:]'",
            "tr -s ' '",
            "tr -cd '[:alpha:]\\n'",
            "tr '\\n' ' '",
            "tr abc x",
            "tr -s a-z",
            "tr '[:upper:]' '[:lower:]'",
            "tr a",
            "base64",
            "base64 -w0 @/text/words",
            "base64 -w 10 @/text/words",
            "base64 @/nothing",
            "od -An -tx1 @/text/fruit",
            "od -c @/text/words",
            "od @/text/fruit",
            "od -A x -t x4 -N 8 @/text/fruit",
            "od -An -tu1 -j 2 -N 5 @/text/fruit",
            "sha256sum @/text/fruit @/nothing",
            "sha256sum",
            "md5sum @/text/fruit",
            "sha1sum @/text/empty",
            "sha256sum -b @/text/fruit",
        ],
    );
    pair.agree_on("dGV4dAo=\n", &["base64 -d", "base64 --decode"]);
    pair.agree_on("!\n", &["~base64 -d"]);
}

#[test]
fn text_is_searched() {
    let pair = Pair::new();
    pair.agree_on(
        "master-1 Ready v1.7.6\nmaster-2   NotReady v1.9.1\nan.other\n",
        &[
            "grep Ready",
            "grep -w Ready",
            "grep -v Ready",
            "grep -c Ready",
            "grep -n Ready",
            "grep -o 'v1[.][0-9]'",
            "grep -E '^master-[12] +Ready +.*v1\\.7\\.6'",
            "grep -Eq '^x'",
            "grep -q Ready",
            "grep -i READY",
            "grep -x an.other",
            "grep -F an.o",
            "grep -xF an.o",
            "grep -e Not -e other",
            "grep -m 1 Ready",
            "grep -h Ready -",
            "grep -H Ready",
            "grep 'r\\{2\\}\\|dy'",
            "grep -E 'o(t|x){1,2}'",
            "grep -l Ready - @/text/fruit",
            "grep a @/text/fruit @/text/table",
            "grep -c a @/text/fruit @/text/table",
            "grep -l a @/text/fruit @/text/words @/text/table",
            "grep -L a @/text/fruit @/text/numbers",
            "grep -s a @/nothing",
            "grep a @/nothing",
            "grep a @/nothing @/text/fruit",
            "grep a @/text",
            "=grep -r a @/text",
            "=grep -rl key @/text",
            "=grep -r --include=f* a @/text",
            "grep -A 1 fig @/text/fruit",
            "grep -B 1 fig @/text/fruit",
            "grep -n -C 1 apple @/text/fruit",
            "grep -n -A 0 a @/text/fruit",
            "~grep '[' @/text/config",
            "grep '\\(' @/text/config",
            "grep ^exclude= @/text/config",
            "grep -f @/text/numbers @/text/table",
            "grep '' @/text/words",
            "grep -on a @/text/fruit",
            "egrep 'pear|fig' @/text/fruit",
            "fgrep a.b @/text/fruit",
        ],
    );
}

#[test]
fn text_is_edited() {
    let pair = Pair::new();
    pair.agree(&[
        "sed s/a/A/ @/text/fruit",
        "sed s/a/A/g @/text/fruit",
        "sed s/a/A/2 @/text/fruit",
        "sed -n s/p/P/p @/text/fruit",
        "sed 's/\\(a\\)\\(.\\)/\\2\\1/' @/text/fruit",
        "sed -E 's/(a)(.)/[\\2&]/g' @/text/fruit",
        "sed -r 's,^(.),<\\1>,' @/text/fruit",
        "sed 's,pe\\,ar,x,' @/text/fruit",
        "sed 's/APPLE/x/I' @/text/fruit",
        "sed 2d @/text/fruit",
        "sed '$d' @/text/fruit",
        "sed /apple/d @/text/fruit",
        "sed '/apple/!d' @/text/fruit",
        "sed -n 2,3p @/text/fruit",
        "sed -n '/apple/,$p' @/text/fruit",
        "sed -n '/fig/,/nothing/p' @/text/fruit",
        "sed -n '2,1p' @/text/fruit",
        "sed -n '1~2p' @/text/fruit",
        "sed -n '/apple/,+1p' @/text/fruit",
        "sed -n '0,/apple/p' @/text/fruit",
        "sed -n '$=' @/text/fruit",
        "sed 3q @/text/fruit",
        "sed -n '/fig/{p;q}' @/text/fruit",
        "sed '1i\\first' @/text/fruit",
        "sed '1i first' @/text/fruit",
        "sed '$a last' @/text/words",
        "sed '/apple/a more' @/text/fruit",
        "sed '2,3c changed' @/text/fruit",
        "sed /fig/cX @/text/fruit",
        "sed -e s/a/b/ -e s/b/c/ @/text/fruit",
        "sed 's/a/b/;s/b/c/' @/text/fruit",
        "sed 'y/abc/xyz/' @/text/fruit",
        "sed 'N;s/\\n/ /' @/text/fruit",
        "sed ':a;N;$!ba;s/\\n/,/g' @/text/fruit",
        "sed -n 'H;${x;s/\\n/+/g;p}' @/text/fruit",
        "sed G @/text/numbers",
        "sed -n '$!{h;d};H;x;p' @/text/numbers",
        "sed s/x/y/ @/text/words",
        "sed s/line/LINE/ @/text/words @/text/numbers",
        "sed -s '$d' @/text/words @/text/numbers",
        "sed '/^\\[main\\]/,/^$/s/key/KEY/' @/text/config",
        "sed 's/^exclude=.*/exclude=/' @/text/config",
        "sed 's|\"--a|\"|' @/text/config",
        "sed 's/[ =]*//g' @/text/config",
        "sed 's/--[a-z] *//g' @/text/config",
        "sed 's/^#.*$//;/^$/d' @/text/config",
        "sed 's/.*/&\\n&/' @/text/numbers",
        "sed s/a/b/ @/nothing",
        "sed -i s/pear/plum/ @/text/fruit",
        "cat @/text/fruit",
        "sed -i.bak 2q @/text/fruit",
        "cat @/text/fruit @/text/fruit.bak",
        "sed -i s/at/AT/ @/deep/link",
        "find @/deep/link -type f",
        "sed -i -e '/^key/a new = 1' -e '/^#/d' @/text/config",
        "cat @/text/config",
        "sed -i x @/nothing",
        "sed -n '//p' @/text/empty",
        "sed -n '/a/s//X/p' @/text/table",
        "sed -n 'x;p' @/text/numbers",
        "sed 5Q @/text/numbers",
        "sed 2q7 @/text/numbers",
        "sed -n '2{n;p}' @/text/numbers",
        "sed '/^10/{N;D}' @/text/numbers",
        "sed 's/b*/x/g' @/text/table",
        "sed -n '/9/r @/text/numbers' @/text/numbers",
    ]);
    pair.agree(&[
        "expr 1 + 2",
        "expr 7 / 2 '*' 3 - 1",
        "expr 5 % 3 = 2",
        "expr a '<' b",
        "expr 10 '>' 9",
        "expr abc : 'a\\(.*\\)'",
        "expr abc : 'ab*'",
        "expr abc : x",
        "expr '' '|' default",
        "expr 0 '&' 1",
        "expr length abcd",
        "expr substr abcd 2 2",
        "expr index abcd cd",
        "expr ( 1 + 2 ) '*' 3",
        "expr 1 / 0",
        "expr x + 1",
        "~expr 1 +",
        "expr",
    ]);
}

#[test]
fn files_are_made_copied_moved_and_removed() {
    let pair = Pair::new();
    pair.agree(&[
        "mkdir @/work/a",
        "mkdir @/work/a",
        "mkdir @/work/b/c",
        "mkdir -p @/work/b/c @/work/a",
        "mkdir -m 0700 @/work/private",
        "mkdir -p -m 0750 -- @/work/p/q",
        "stat -c '%a %F %n' @/work/private @/work/p @/work/p/q",
        "mkdir -v @/work/said",
        "mkdir",
        "touch -d '2018-04-05 09:15:02' @/work/touched",
        "stat -c '%Y %s %y' @/work/touched",
        "touch -d @1522919000 @/work/touched",
        "stat -c %Y @/work/touched",
        "touch -r @/text/fruit @/work/touched",
        "stat -c %Y @/work/touched",
        "touch -c @/work/nothing",
        "touch @/nowhere/x",
        "cp @/text/fruit @/work/a",
        "cp @/text/fruit @/work/a/fruit",
        "cp -T @/text/fruit @/work/copy",
        "cp @/text/fruit @/text/numbers @/work/a",
        "~cp @/text/fruit @/text/numbers @/work/nothing",
        "cp @/text/fruit",
        "~cp @/text @/work",
        "cp @/nothing @/work",
        "cp @/text/fruit @/text/fruit",
        "~cp -r @/text @/text/inside",
        "rm -rf @/text/inside",
        "cp -r @/deep @/work",
        "=find @/work/deep -printf '%y %m %l %P\\n'",
        "cp -a @/deep @/work/archive",
        "=find @/work/archive -printf '%y %m %l %P\\n'",
        "=find @/work/archive -type f -printf '%T@ %P\\n'",
        "cp -L @/deep/link @/work/followed",
        "cp -P @/deep/link @/work/kept",
        "=find @/work/followed @/work/kept -printf '%y %f %l\\n'",
        "cp @/deep/dangling @/work/x",
        "cp -rL @/deep/directory @/work/directory",
        "=find @/work/directory -printf '%y %P\\n'",
        "cp -v @/text/fruit @/work/said/fruit",
        "cp -n @/text/numbers @/work/said/fruit",
        "cat @/work/said/fruit",
        "cp @/text/fruit @/work/a/",
        "cp -T @/text/fruit @/work/a",
        "cp -r @/text @/work/copy",
        "~cp -t @/work/nothing @/text/fruit",
        "mv @/work/copy @/work/moved",
        "mv @/work/copy @/work/moved",
        "mv -T @/work/a @/work/moved",
        "mv @/work/moved @/work/a/b/c",
        "mv -f -T -- @/work/moved @/work/said/fruit",
        "mv @/work/b @/work/b/c",
        "mv -n @/work/said/fruit @/work/touched",
        "mv @/work/said/fruit @/work/said/fruit",
        "mv -T @/work/private @/work/archive",
        "mv @/work/private @/work/archive",
        "ln -s target @/work/new",
        "ln -s target @/work/new",
        "ln -sf other @/work/new",
        "ln -sfn @/deep @/work/new",
        "readlink @/work/new @/work/touched",
        "readlink -f @/deep/link",
        "readlink -n @/deep/link",
        "readlink -z @/deep/link @/deep/dangling",
        "readlink -m @/deep/none/../other/./x",
        "readlink -f @/deep/none/x",
        "readlink -e @/deep/dangling",
        "readlink -f @/deep/dangling",
        "realpath @/deep/directory/two/..",
        "realpath @/deep/none/x",
        "basename /a/b.conf .conf",
        "basename /a/b/",
        "basename /",
        "basename -a x/y z",
        "dirname /a/b /a a a/ / a//b",
        "rm @/work/deep",
        "rm @/work/nothing",
        "rm -f @/work/nothing @/work/touched/x",
        "rm",
        "rm -f",
        "rmdir @/work/deep",
        "rmdir @/work/touched",
        "rmdir @/work/nothing",
        "rm -r @/work/deep @/work/archive",
        "rm -rf @/work/directory/",
        "rm -v @/work/touched",
        "rmdir -p @/work/b/c",
        "=find @/work -mindepth 1 -printf '%y %P\\n'",
        "~rm -rf @/work/.",
        "ls -A @/work",
        "truncate -s 5 @/work/sized",
        "truncate -s +3 @/work/sized",
        "stat -c %s @/work/sized",
        "fallocate -l 10K @/work/big",
        "stat -c %s @/work/big",
    ]);
}

#[test]
fn modes_are_changed_and_shown() {
    let pair = Pair::new();
    pair.agree(&[
        "chmod 600 @/text/fruit",
        "stat -c '%a %A %f' @/text/fruit @/text @/deep/link",
        "chmod u+x,go=r @/text/fruit",
        "stat -c %A @/text/fruit",
        "chmod -x @/text/fruit",
        "stat -c %A @/text/fruit",
        "chmod --reference=@/text @/text/fruit",
        "stat -c %A @/text/fruit",
        "chmod -R go-rx @/deep",
        "=find @/deep -printf '%M %P\\n'",
        "chmod -R a+rX @/deep",
        "=find @/deep -printf '%M %P\\n'",
        "chmod 4755 @/text/fruit",
        "stat -c '%a %A' @/text/fruit",
        "chmod 1777 @/work",
        "stat -c '%a %A' @/work",
        "chmod 644 @/nothing",
        "~chmod 644 @/deep/dangling",
        "chmod 9 @/text/fruit",
        "chmod 644",
        "chmod -v 0600 @/text/numbers",
        "chmod -c 0600 @/text/numbers",
        "chown no-such-user @/text/fruit",
        "chown root:no-such-group @/text/fruit",
        "chgrp no-such-group @/text/fruit",
        "chown root:root @/nothing",
        "~stat -c %n @/text/fruit @/nothing @/text/numbers",
        r"stat --printf=%f\t%s\t%Y\t%n\0 -- @/text/fruit @/text/table",
        "stat -c '%N' @/deep/link @/text/fruit",
        "stat -c '%y' @/text/fruit",
        "stat -L -c '%s %F' @/deep/link @/text/empty",
        "stat -c '%04a %8s|%-8s|' @/text/fruit @/text/numbers",
        "stat",
    ]);
}

#[test]
fn trees_are_searched() {
    let pair = Pair::new();
    pair.agree(&[
        "find @/text/fruit",
        "find @/text -name 'f*'",
        "find @/text -name 'f*' -o -name table",
        "find @/deep/one -type d",
        "=find @/deep -maxdepth 1 -type l -printf '%f -> %l\\n'",
        "find @/deep/one -mindepth 2 -maxdepth 2",
        "find @/deep -path '*/two/*' -print0",
        "=find @/deep -lname nowhere",
        "=find @/deep -name one -prune -o -name dangling -print",
        "find @/text/empty @/work -empty",
        "find @/text -size +20c -name table",
        "find @/text -name table -size -1k",
        "find @/text/table ( -name x -o -name table ) -printf '%p %s %d %y %m\\n'",
        "find @/text/table ! -name x -a -type f",
        "find @/nothing -maxdepth 0",
        "find @/text/table -exec cat {} ;",
        "find @/text/table @/text/numbers -exec cat {} +",
        "find @/text/table @/text/numbers -type f -exec sha256sum -- {} +",
        "find @/text/numbers -exec false ; -o -print",
        "find @/text/table -newer @/text/fruit",
        "find @/text/table -perm 644",
        "find @/text/table -perm -200",
        "find @/text/table -perm /022",
        "find @/text/table -user no-such-user",
        "find @/text/table -quit -print",
        "find @/deep/one -depth -name two",
        "find @/deep/one -depth -type d",
        "find @/deep/one/two -mindepth 1 -delete",
        "find @/deep/one/two",
        "find @/deep/one -delete -name x",
        "find @/deep/one",
        "find @/text/table -type",
        "find @/text/table )",
        "find @/text/table -printf '%TY-%Tm-%Td %TH:%TM %h|%f|%P|%H\\n'",
        "=find @/deep -xdev -name dangling",
        "find -L @/deep -name link -type f",
    ]);
}

#[test]
fn directories_are_listed() {
    let pair = Pair::new();
    pair.agree(&[
        "ls @/text",
        "ls -r @/text",
        "ls -a @/deep/one",
        "ls -A @/deep/one",
        "ls -d @/text @/deep",
        "ls @/text/fruit @/deep",
        "ls -R @/deep",
        "ls @/nothing @/text/fruit",
        "ls -F @/deep",
        "ls -1S @/text",
        "ls @/work",
        "ls @/deep/directory",
        "ls -d @/deep/directory",
        "ls @/text @/work",
    ]);
}

#[test]
fn sleeping_takes_only_the_clock_s_time() {
    let pair = Pair::new();
    let started = std::time::Instant::now();
    let output = pair.sim.output(&Command::reads(["sleep", "1h"])).unwrap();
    assert_eq!(shown(&output), (0, String::new(), String::new()));
    assert!(
        output.duration >= Duration::from_secs(3600),
        "{:?}",
        output.duration
    );
    assert!(started.elapsed() < Duration::from_secs(60));
    pair.agree(&["sleep 0", "sleep", "sleep x"]);
}

#[test]
fn what_is_not_modelled_names_itself() {
    let pair = Pair::new();
    for (line, named) in [
        ("cp --reflink a b", "`cp --reflink`"),
        ("sort -R @/text/fruit", "`sort -R`"),
        ("find @/text -fprint x", "`find -fprint`"),
        ("stat @/text -c %i", "`stat %i`"),
    ] {
        let argv = pair.words(line);
        let failure = pair
            .sim
            .output(&Command::reads(argv))
            .unwrap_err()
            .to_string();
        assert!(failure.contains(named), "{line}: {failure}");
    }
}
