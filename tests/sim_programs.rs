//! Programs of a simulated host that say how it is, and those that run others.

#[path = "support/pair.rs"]
mod pair;

use std::time::Duration;

use ocpdg::transport::{Command, Effect, Transport};
use pair::{Pair, shown, split};

#[test]
fn programs_run_other_programs() {
    let pair = Pair::new();
    pair.agree_on(
        "one two\n'three four'\n",
        &[
            "env -i A=b C=d env",
            "env -u LC_ALL -u PATH -u TZ HOME=/x printenv HOME",
            "printenv no-such-name",
            "~env no-such-program",
            "timeout 10 cat @/text/numbers",
            "timeout 10 false",
            "timeout 1 sleep 5",
            "timeout -s KILL 1 sleep 5",
            "timeout --preserve-status 1 sleep 5",
            "timeout 10 no-such-program x",
            "nice cat @/text/numbers",
            "nice -n 5 true",
            "setsid -w cat @/text/numbers",
            "nohup cat @/text/numbers",
            "xargs",
            "xargs -n 1",
            "xargs -n 1 echo +",
            "xargs -I X echo <X>",
            "xargs -d '\\n' -n 1 echo",
            "xargs false",
            "~xargs -r cat @/text/numbers",
            "~xargs no-such-program",
        ],
    );
    pair.agree(&["xargs echo none", "xargs -r echo none"]);
    pair.agree_on("a\0b c\0", &["xargs -0 -n 1 echo", "xargs -0 echo"]);
}

#[test]
fn dates_are_read_and_written() {
    let pair = Pair::new();
    pair.agree_on(
        "2018-04-05 09:15:02\n2018-02-30 00:00:00\n@1522919702\n",
        &[
            "date -f - +%s",
            "date -d '2018-04-05 09:15:02' +%s",
            "date -d '2018-04-05 09:15:02 +0200' +%s",
            "date -d 2018-04-05T09:15:02Z +%s",
            "date -d 20180405 '+%F %T %j %a %b %e'",
            "date -d @1522919702 '+%Y%m%dT%H%M%S'",
            "date -d @1522919702 '+%Y-%m-%d@%H:%M:%S~'",
            "date -u -d @1522919702 '+%a %b %e %H:%M:%S %Z %Y'",
            "date -R -d @1522919702",
            "date -I -d @1522919702",
            "date -d '2018-04-05 1 day ago' +%F",
            "date -d '2018-04-05 10:00 3 hours' +%T",
            "date -d nonsense",
            "date -r @/text/fruit +%s",
            "date -d '2018-04-05 25:00:00' +%s",
            "env TZ=Europe/Berlin date -d '2018-04-05 09:15:02' +%s",
            "env TZ=Europe/Berlin date -d '2018-03-25 02:30:00' +%s",
            "env TZ=America/New_York date -d @1522919702 '+%F %T %z %Z'",
            "env TZ=Europe/Berlin stat -c %y @/text/fruit",
        ],
    );
}

/// What differs from host to host: commands, and the status and output of a simulated one.
#[test]
fn a_host_says_what_it_is() {
    let pair = Pair::new();
    for (text, status, stdout, stderr) in [
        (
            "hostname; hostname -s; hostname -I",
            0,
            "m1.example.com\nm1\n192.0.2.11 \n",
            "",
        ),
        ("uname -s -r", 0, "Linux 3.10.0-862.el7.x86_64\n", ""),
        (
            "date; date +%s",
            0,
            "Thu Apr  5 09:15:02 UTC 2018\n1522919702\n",
            "",
        ),
        ("id -u; id -un; whoami", 0, "0\nroot\nroot\n", ""),
        (
            "id etcd",
            0,
            "uid=997(etcd) gid=995(etcd) groups=995(etcd)\n",
            "",
        ),
        ("id nobody-there", 1, "", "id: nobody-there: no such user\n"),
        (
            "getent passwd etcd",
            0,
            "etcd:x:997:995:etcd user:/var/lib/etcd:/sbin/nologin\n",
            "",
        ),
        ("getent group none", 2, "", ""),
        (
            "getent hosts m1.example.com",
            0,
            "192.0.2.11      m1.example.com\n",
            "",
        ),
        (
            "runuser -u etcd -- whoami; su -s /bin/sh -c 'echo $HOME' etcd",
            0,
            "etcd\n/var/lib/etcd\n",
            "",
        ),
        (
            "su - etcd -c true",
            1,
            "This account is currently not available.\n",
            "",
        ),
        (
            "mkdir -m 0700 /p; echo x >/p/f; runuser -u etcd cat /p/f",
            1,
            "",
            "cat: /p/f: Permission denied\n",
        ),
        (
            "touch /c; chown etcd:etcd /c; stat -c '%U:%G %u:%g' /c",
            0,
            "etcd:etcd 997:995\n",
            "",
        ),
        (
            "chown 0 /c; chown :nobody /c; stat -c %U:%G /c",
            0,
            "root:nobody\n",
            "",
        ),
        (
            "chown 1234:4321 /c; stat -c '%U:%G %u:%g' /c",
            0,
            "UNKNOWN:UNKNOWN 1234:4321\n",
            "",
        ),
        (
            "chown etcd.etcd /c; find /c -user etcd -group etcd; find /c ! -user etcd",
            0,
            "/c\n",
            "",
        ),
        (
            "chown -R etcd:etcd /var/lib/none",
            1,
            "",
            "chown: cannot access '/var/lib/none': No such file or directory\n",
        ),
        (
            "LC_ALL=en_US.UTF-8 rm /none",
            1,
            "",
            "rm: cannot remove \u{2018}/none\u{2019}: No such file or directory\n",
        ),
        (
            "df -P / | head -n 1",
            0,
            "Filesystem            1024-blocks  Used Available Capacity Mounted on\n",
            "",
        ),
        (
            "df --output=target,pcent /etc",
            0,
            "Mounted on Use%\n/            1%\n",
            "",
        ),
        (
            "mountpoint -q /; echo $?; mountpoint /etc",
            1,
            "0\n/etc is not a mountpoint\n",
            "",
        ),
        (
            "mkdir /m; mount -t tmpfs -o size=8k tmpfs /m && mountpoint /m; df --output=avail -B1 /m",
            0,
            "/m is a mountpoint\nAvail\n 4096\n",
            "",
        ),
        (
            "head -c 5000 /dev/zero >/m/full",
            1,
            "",
            "write error: No space left on device\n",
        ),
        (
            "rm /m/full; cp /etc/passwd /m/a; cp /etc/passwd /m/b",
            1,
            "",
            "cp: error writing '/m/b': No space left on device\n",
        ),
        (
            "mv /m /n",
            1,
            "",
            "mv: cannot move '/m' to '/n': Device or resource busy\n",
        ),
        (
            "rm -rf /m",
            1,
            "",
            "rm: cannot remove '/m': Device or resource busy\n",
        ),
        (
            "ls -A /m; umount /m; umount /m",
            32,
            "",
            "umount: /m: not mounted\n",
        ),
        (
            "rm -rf /; rm -rf --one-file-system /none",
            0,
            "",
            "rm: it is dangerous to operate recursively on '/'\nrm: use --no-preserve-root to override this failsafe\n",
        ),
        ("sync; sync /etc", 0, "", "sync: ignoring all arguments\n"),
        ("mktemp -d /tmp/x.XXXXXX | wc -c", 0, "14\n", ""),
        (
            "cp -p --parents /etc/group /srv && ls /srv/etc",
            0,
            "group\n",
            "",
        ),
        (
            "ls /proc; cat /proc/sys/kernel/hostname; head -n 1 /proc/mounts",
            0,
            "mounts\nsys\nm1.example.com\n/dev/mapper/rhel-root / xfs rw,relatime 0 0\n",
            "",
        ),
        ("wc -c </proc/sys/kernel/random/boot_id", 0, "37\n", ""),
        (
            "sleep 60 & tr '\\0' ' ' <\"/proc/$!/cmdline\"; ps -o args= -p $!; pgrep -x sleep >/dev/null && kill $!; ls -d /proc/$!",
            2,
            "sleep 60 sleep 60\n",
            "ls: cannot access '/proc/PID': No such file or directory\n",
        ),
    ] {
        let command = Command::shell(text, Effect::Changes)
            .env("LC_ALL", "C")
            .env("TZ", "UTC");
        let output = pair
            .sim
            .output(&command)
            .unwrap_or_else(|failure| panic!("{text}: {failure}"));
        let (found, out, mut said) = shown(&output);
        if said.contains("/proc/") {
            let digits: String = said.chars().filter(char::is_ascii_digit).collect();
            said = said.replace(&digits, "PID");
        }
        assert_eq!(
            (found, out.as_str(), said.as_str()),
            (status, stdout, stderr),
            "{text}"
        );
    }
}

#[test]
fn certificates_are_read_by_openssl() {
    let pair = Pair::new();
    let certificate = "-----BEGIN CERTIFICATE-----\nsubject=/CN=m1\nissuer=/CN=ca\nserial=7\nnot-before=2018-04-05T09:15:02Z\n\
                       not-after=2018-04-06T09:15:02Z\nnames=DNS:m1\n-----END CERTIFICATE-----\n";
    for (words, status, stdout) in [
        (
            "openssl x509 -noout -enddate -subject",
            0,
            "notAfter=Apr  6 09:15:02 2018 GMT\nsubject= /CN=m1\n",
        ),
        (
            "openssl x509 -checkend 3600 -noout",
            0,
            "Certificate will not expire\n",
        ),
        (
            "openssl x509 -checkend 604800 -noout",
            1,
            "Certificate will expire\n",
        ),
        ("openssl x509", 0, certificate),
    ] {
        let command = Command::reads(split(words)).stdin(certificate);
        let output = pair.sim.output(&command).unwrap();
        assert_eq!(
            shown(&output),
            (status, stdout.to_owned(), String::new()),
            "{words}"
        );
    }
    let command = Command::reads(split("openssl x509 -noout")).stdin("garbage");
    let (status, _, said) = shown(&pair.sim.output(&command).unwrap());
    assert_eq!(status, 1);
    assert!(said.starts_with("unable to load certificate\n"), "{said}");
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
        ("awk 1 @/text/fruit", "`awk`"),
        ("ln @/text/fruit @/made/hard", "`ln without -s`"),
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
