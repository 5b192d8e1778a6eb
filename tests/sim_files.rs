//! Programs of a simulated host that look at files and change them, against the real ones.

#[path = "support/pair.rs"]
mod pair;

use ocpdg::transport::{Command, Effect, Transport};
use pair::{Pair, shown};

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
fn files_are_compared_and_packed() {
    let pair = Pair::new();
    pair.agree(&[
        "cp @/text/fruit @/work/same",
        "cmp @/text/fruit @/work/same",
        "cmp @/text/fruit @/text/table",
        "cmp -s @/text/fruit @/text/table",
        "cmp -s @/text/fruit @/nothing",
        "cmp @/text/fruit @/nothing",
        "diff @/text/fruit @/work/same",
        "sed -i -e s/fig/FIG/ -e '$a more' -e 1d @/work/same",
        "diff @/text/fruit @/work/same",
        "diff @/work/same @/text/fruit",
        "diff -q @/text/fruit @/work/same",
        "diff @/text/words @/text/empty",
        "diff @/text/empty @/text/words",
        "diff @/text/fruit @/nothing",
        "diff -u @/text/fruit @/text/table",
        "diff @/text/fruit @/work/same",
        "diff -b @/text/config @/text/config",
        "diff -s @/text/config @/text/config",
        "diff -r @/text @/text",
        "cp -r @/text @/work/text",
        "rm @/work/text/table",
        "sed -i s/9/nine/ @/work/text/numbers",
        "diff -r @/text @/work/text",
        "diff -rq @/text @/work/text",
        "tar -C @/text -cf @/work/t.tar .",
        "=tar -tf @/work/t.tar",
        "mkdir @/work/out",
        "tar -xf @/work/t.tar -C @/work/out",
        "=find @/work/out -type f -printf '%y %m %s %Ts %P\\n'",
        "cat @/work/out/fruit",
        "tar -C @/ -cf @/work/d.tar deep",
        "=tar tf @/work/d.tar",
        "tar -xf @/work/d.tar -C @/work/out deep/one/two",
        "=find @/work/out/deep -printf '%y %l %P\\n'",
        "~tar -cf @/work/x.tar @/nothing",
        "tar -xf @/work/d.tar -C @/work/out nothing",
        "~tar -xf @/nothing",
        "dd if=@/text/fruit of=@/work/dd bs=5 count=3 status=none",
        "cat @/work/dd",
        "dd if=@/text/numbers of=@/work/dd bs=2 seek=1 conv=notrunc,fsync status=none",
        "cat @/work/dd",
        "dd if=@/text/numbers of=@/work/dd bs=2 seek=2 status=none",
        "cat @/work/dd",
        "dd if=@/text/fruit bs=4 skip=2 status=none",
        "dd if=@/text/fruit of=@/work/dd bs=7 status=noxfer",
        "dd if=@/nothing of=@/work/dd",
        "dd if=@/text/fruit of=@/work/none/dd",
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
