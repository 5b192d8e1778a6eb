//! Programs of a simulated host that look at files and change them, against the real ones.

#[path = "support/pair.rs"]
mod pair;

use ocpdg::transport::{Command, Effect, Transport};
use pair::{Pair, shown};

#[test]
fn files_are_made_copied_moved_and_removed() {
    let pair = Pair::new();
    pair.agree(&[
        "mkdir @/made/a",
        "mkdir @/made/a",
        "mkdir @/made/b/c",
        "mkdir -p @/made/b/c @/made/a",
        "mkdir -m 0700 @/made/private",
        "mkdir -p -m 0750 -- @/made/p/q",
        "stat -c '%a %F %n' @/made/private @/made/p @/made/p/q",
        "mkdir -v @/made/said",
        "mkdir",
        "touch -d '2018-04-05 09:15:02' @/made/touched",
        "stat -c '%Y %s %y' @/made/touched",
        "touch -d @1522919000 @/made/touched",
        "stat -c %Y @/made/touched",
        "touch -r @/text/fruit @/made/touched",
        "stat -c %Y @/made/touched",
        "touch -c @/made/nothing",
        "touch @/nowhere/x",
        "cp @/text/fruit @/made/a",
        "cp @/text/fruit @/made/a/fruit",
        "cp -T @/text/fruit @/made/copy",
        "cp @/text/fruit @/text/numbers @/made/a",
        "~cp @/text/fruit @/text/numbers @/made/nothing",
        "cp @/text/fruit",
        "~cp @/text @/made",
        "cp @/nothing @/made",
        "cp @/text/fruit @/text/fruit",
        "~cp -r @/text @/text/inside",
        "rm -rf @/text/inside",
        "cp -r @/deep @/made",
        "=find @/made/deep -printf '%y %m %l %P\\n'",
        "cp -a @/deep @/made/archive",
        "=find @/made/archive -printf '%y %m %l %P\\n'",
        "=find @/made/archive -type f -printf '%T@ %P\\n'",
        "cp -L @/deep/link @/made/followed",
        "cp -P @/deep/link @/made/kept",
        "=find @/made/followed @/made/kept -printf '%y %f %l\\n'",
        "cp @/deep/dangling @/made/x",
        "cp -rL @/deep/directory @/made/directory",
        "=find @/made/directory -printf '%y %P\\n'",
        "cp -v @/text/fruit @/made/said/fruit",
        "cp -n @/text/numbers @/made/said/fruit",
        "cat @/made/said/fruit",
        "cp @/text/fruit @/made/a/",
        "cp -T @/text/fruit @/made/a",
        "cp -r @/text @/made/copy",
        "~cp -t @/made/nothing @/text/fruit",
        "mv @/made/copy @/made/moved",
        "mv @/made/copy @/made/moved",
        "mv -T @/made/a @/made/moved",
        "mv @/made/moved @/made/a/b/c",
        "mv -f -T -- @/made/moved @/made/said/fruit",
        "mv @/made/b @/made/b/c",
        "mv -n @/made/said/fruit @/made/touched",
        "mv @/made/said/fruit @/made/said/fruit",
        "mv -T @/made/private @/made/archive",
        "mv @/made/private @/made/archive",
        "ln -s target @/made/new",
        "ln -s target @/made/new",
        "ln -sf other @/made/new",
        "ln -sfn @/deep @/made/new",
        "readlink @/made/new @/made/touched",
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
        "rm @/made/deep",
        "rm @/made/nothing",
        "rm -f @/made/nothing @/made/touched/x",
        "rm",
        "rm -f",
        "rmdir @/made/deep",
        "rmdir @/made/touched",
        "rmdir @/made/nothing",
        "rm -r @/made/deep @/made/archive",
        "rm -rf @/made/directory/",
        "rm -v @/made/touched",
        "rmdir -p @/made/b/c",
        "=find @/made -mindepth 1 -printf '%y %P\\n'",
        "~rm -rf @/made/.",
        "ls -A @/made",
        "truncate -s 5 @/made/sized",
        "truncate -s +3 @/made/sized",
        "stat -c %s @/made/sized",
        "fallocate -l 10K @/made/big",
        "stat -c %s @/made/big",
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
        "chmod 1777 @/made",
        "stat -c '%a %A' @/made",
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
        "find @/text/empty @/made -empty",
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
        "ls @/made",
        "ls @/deep/directory",
        "ls -d @/deep/directory",
        "ls @/text @/made",
    ]);
}

#[test]
fn files_are_compared_and_packed() {
    let pair = Pair::new();
    pair.agree(&[
        "cp @/text/fruit @/made/same",
        "cmp @/text/fruit @/made/same",
        "cmp @/text/fruit @/text/table",
        "cmp -s @/text/fruit @/text/table",
        "cmp -s @/text/fruit @/nothing",
        "cmp @/text/fruit @/nothing",
        "diff @/text/fruit @/made/same",
        "sed -i -e s/fig/FIG/ -e '$a more' -e 1d @/made/same",
        "diff @/text/fruit @/made/same",
        "diff @/made/same @/text/fruit",
        "diff -q @/text/fruit @/made/same",
        "diff @/text/words @/text/empty",
        "diff @/text/empty @/text/words",
        "diff @/text/fruit @/nothing",
        "diff -u @/text/fruit @/text/table",
        "diff @/text/fruit @/made/same",
        "diff -b @/text/config @/text/config",
        "diff -s @/text/config @/text/config",
        "diff -r @/text @/text",
        "cp -r @/text @/made/text",
        "rm @/made/text/table",
        "sed -i s/9/nine/ @/made/text/numbers",
        "diff -r @/text @/made/text",
        "diff -rq @/text @/made/text",
        "tar -C @/text -cf @/made/t.tar .",
        "=tar -tf @/made/t.tar",
        "mkdir @/made/out",
        "tar -xf @/made/t.tar -C @/made/out",
        "=find @/made/out -type f -printf '%y %m %s %Ts %P\\n'",
        "cat @/made/out/fruit",
        "tar -C @/ -cf @/made/d.tar deep",
        "=tar tf @/made/d.tar",
        "tar -xf @/made/d.tar -C @/made/out deep/one/two",
        "=find @/made/out/deep -printf '%y %l %P\\n'",
        "~tar -cf @/made/x.tar @/nothing",
        "tar -xf @/made/d.tar -C @/made/out nothing",
        "~tar -xf @/nothing",
        "dd if=@/text/fruit of=@/made/dd bs=5 count=3 status=none",
        "cat @/made/dd",
        "dd if=@/text/numbers of=@/made/dd bs=2 seek=1 conv=notrunc,fsync status=none",
        "cat @/made/dd",
        "dd if=@/text/numbers of=@/made/dd bs=2 seek=2 status=none",
        "cat @/made/dd",
        "dd if=@/text/fruit bs=4 skip=2 status=none",
        "dd if=@/text/fruit of=@/made/dd bs=7 status=noxfer",
        "dd if=@/nothing of=@/made/dd",
        "dd if=@/text/fruit of=@/made/none/dd",
    ]);
}

/// Real `tar` has to read what a simulated host sends, with its owners, modes and times.
#[test]
fn archives_of_a_simulated_host_are_real() {
    let pair = Pair::new();
    let sent = pair
        .sim
        .output(&Command::reads(pair.words("tar -C @/deep -cf - .")))
        .unwrap();
    let archive = pair.real.path().join("sent.tar");
    std::fs::write(&archive, &sent.stdout).unwrap();
    let argv = pair.words("tar --full-time -tvf @/sent.tar");
    let (status, listed, said) = pair.really(&argv, "");
    assert_eq!((status, said.as_str()), (0, ""));
    assert_eq!(
        listed.split_whitespace().collect::<Vec<_>>().join(" "),
        "drwxr-xr-x root/root 0 2018-04-05 09:15:02 ./ \
         lrwxrwxrwx root/root 0 2018-04-05 09:15:02 ./dangling -> nowhere \
         lrwxrwxrwx root/root 0 2018-04-05 09:15:02 ./directory -> one \
         lrwxrwxrwx root/root 0 2018-04-05 09:15:02 ./link -> one/two/file \
         drwxr-xr-x root/root 0 2018-04-05 09:15:02 ./one/ \
         -rw-r--r-- root/root 7 2018-04-05 09:15:02 ./one/.hidden \
         drwxr-xr-x root/root 0 2018-04-05 09:15:02 ./one/two/ \
         -rw-r--r-- root/root 14 2018-04-05 09:15:02 ./one/two/file"
    );
}

/// A file that is moved keeps its label, one that is made gets that of its place.
#[test]
fn labels_follow_the_policy_until_a_file_moves() {
    let pair = Pair::new();
    let tree = "mkdir -p /var/lib/etcd /root/new/member; touch /root/new/member/wal";
    for (text, status, stdout) in [
        (tree, 0, ""),
        (
            "getenforce; selinuxenabled && stat -c %C /var/lib/etcd",
            0,
            "Enforcing\nsystem_u:object_r:etcd_var_lib_t:s0\n",
        ),
        (
            "mv /root/new/member /var/lib/etcd/; stat -c %C /var/lib/etcd/member/wal",
            0,
            "system_u:object_r:admin_home_t:s0\n",
        ),
        (
            "restorecon -RFnv /var/lib/etcd",
            0,
            "restorecon reset /var/lib/etcd/member context system_u:object_r:admin_home_t:s0->system_u:object_r:etcd_var_lib_t:s0\n\
             restorecon reset /var/lib/etcd/member/wal context system_u:object_r:admin_home_t:s0->system_u:object_r:etcd_var_lib_t:s0\n",
        ),
        (
            "restorecon -RF /var/lib/etcd; restorecon -RFnv /var/lib/etcd; stat -c %C /var/lib/etcd/member/wal",
            0,
            "system_u:object_r:etcd_var_lib_t:s0\n",
        ),
        (
            "chcon -R -t svirt_sandbox_file_t /var/lib/etcd; restorecon -R /var/lib/etcd; stat -c %C /var/lib/etcd/member",
            0,
            "system_u:object_r:svirt_sandbox_file_t:s0\n",
        ),
        (
            "restorecon -RF /var/lib/etcd; stat -c %C /var/lib/etcd/member",
            0,
            "system_u:object_r:etcd_var_lib_t:s0\n",
        ),
        (
            "cp /root/.none /etc/x 2>/dev/null; touch /root/f; cp /root/f /etc/f; cp -a /root/f /etc/g; stat -c %C /etc/f /etc/g",
            0,
            "system_u:object_r:etc_t:s0\nsystem_u:object_r:admin_home_t:s0\n",
        ),
        (
            "chcon --reference=/etc/passwd /etc/f; stat -c %C /etc/f",
            0,
            "system_u:object_r:passwd_file_t:s0\n",
        ),
    ] {
        let command = Command::shell(text, Effect::Changes).env("LC_ALL", "C");
        let output = pair
            .sim
            .output(&command)
            .unwrap_or_else(|failure| panic!("{text}: {failure}"));
        assert_eq!(
            shown(&output),
            (status, stdout.to_owned(), String::new()),
            "{text}"
        );
    }
}
