//! Files on a real file system, commands run on this machine.

#[path = "support/machine.rs"]
mod machine;
#[path = "support/room.rs"]
mod room;

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;

use machine::Machine;
use ocpdg::error::Kind;
use ocpdg::primitive::Host;
use ocpdg::primitive::backup::{
    Maker, Rule, capture_state, choose_config, choose_configs, config_candidates, etcd_backup,
    etcd_candidates, evacuate, fetch_to_controller,
};
use ocpdg::primitive::file::{self, Attributes, FileKind};
use room::Room;

fn touch(path: &str, epoch: u64) {
    let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(epoch);
    fs::File::open(path).unwrap().set_modified(time).unwrap();
}

#[test]
fn facts_come_in_the_order_asked_for() {
    let room = Room::new();
    let odd = room.make("a b\n'c", "four");
    fs::set_permissions(&odd, fs::Permissions::from_mode(0o4640)).unwrap();
    touch(&odd, 1_522_919_702);
    let link = room.path("link");
    symlink("a nowhere", &link).unwrap();
    let missing = room.path("missing/x");
    let asked = [&link, &missing, &odd, &room.path("")];
    let stats = file::stat_many(&room.host, &asked).unwrap();
    let link = stats[0].as_ref().unwrap();
    assert_eq!(link.kind, FileKind::Symlink);
    assert_eq!(link.link.as_deref(), Some("a nowhere"));
    assert_eq!(stats[1], None);
    let odd = stats[2].as_ref().unwrap();
    assert_eq!(
        (odd.size, odd.mode.as_str(), odd.modified),
        (4, "4640", 1_522_919_702)
    );
    assert_eq!(stats[3].as_ref().unwrap().kind, FileKind::Directory);
    assert!(file::stat(&room.host, "relative").is_err());
}

#[test]
fn a_write_keeps_the_mode_of_what_it_replaces_and_is_done_once() {
    let room = Room::new();
    let path = room.make("d/etcd.conf", "old");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    let keep = Attributes::default();
    let change = file::write(&room.host, &path, "new\n$(x) 'y'\n", &keep).unwrap();
    assert!(change.changed);
    assert_eq!(fs::read_to_string(&path).unwrap(), "new\n$(x) 'y'\n");
    let before = fs::metadata(&path).unwrap();
    assert_eq!(before.mode() & 0o7777, 0o600);
    assert!(
        !file::write(&room.host, &path, "new\n$(x) 'y'\n", &keep)
            .unwrap()
            .changed
    );
    assert_eq!(fs::metadata(&path).unwrap().ino(), before.ino());
    assert_eq!(room.names("d"), ["etcd.conf"]);

    let fresh = room.path("d/fresh");
    let wanted = Attributes {
        mode: Some("0640".to_owned()),
        owner: None,
    };
    file::write(&room.host, &fresh, "", &wanted).unwrap();
    assert_eq!(fs::metadata(&fresh).unwrap().mode() & 0o7777, 0o640);
    let link = room.path("link");
    symlink(&fresh, &link).unwrap();
    file::write(&room.host, &link, "through", &keep).unwrap();
    assert_eq!(fs::read_to_string(&fresh).unwrap(), "through");
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    let error = file::write(&room.host, &room.path("d"), "x", &keep).unwrap_err();
    assert!(matches!(*error.kind, Kind::State { .. }), "{error}");
    let error = file::write(&room.host, &room.path("none/x"), "x", &keep).unwrap_err();
    assert!(error.to_string().starts_with("`write /"), "{error}");
}

#[test]
fn lines_are_replaced_removed_and_added() {
    let room = Room::new();
    let path = room.make("f", "A=1\n#A=2\nB=3");
    let host = &room.host;
    let change = file::replace_line(host, &path, "^A=", Some("A=9")).unwrap();
    assert_eq!(
        (change.before, change.after),
        (vec!["A=1".to_owned()], vec!["A=9".to_owned()])
    );
    assert!(
        !file::replace_line(host, &path, "^C=", Some("C=1"))
            .unwrap()
            .changed
    );
    file::replace_line(host, &path, "^#.*2$", None).unwrap();
    assert!(file::append_line(host, &path, "C=4").unwrap().changed);
    assert!(!file::append_line(host, &path, "C=4").unwrap().changed);
    assert_eq!(fs::read_to_string(&path).unwrap(), "A=9\nB=3\nC=4\n");
}

#[test]
fn trees_are_copied_whole_once_and_never_over_others() {
    let room = Room::new();
    room.make("from/a", "1");
    room.make("from/sub/b", "2");
    symlink("a", room.path("from/link")).unwrap();
    let (from, to) = (room.path("from"), room.path("to"));
    let host = &room.host;
    assert!(file::copy(host, &from, &to).unwrap().changed);
    assert!(!file::copy(host, &from, &to).unwrap().changed);
    assert_eq!(
        file::manifest(host, &from).unwrap(),
        file::manifest(host, &to).unwrap()
    );
    fs::write(room.path("to/sub/b"), "3").unwrap();
    let error = file::copy(host, &from, &to).unwrap_err();
    assert!(error.to_string().contains("differs in `sub/b`"), "{error}");
    assert_eq!(fs::read_to_string(room.path("to/sub/b")).unwrap(), "3");
    assert!(file::copy(host, &from, &room.path("from/inside")).is_err());

    let moved = room.path("moved");
    assert!(file::move_to(host, &to, &moved).unwrap().changed);
    assert!(!file::move_to(host, &to, &moved).unwrap().changed);
    assert!(file::move_to(host, &from, &moved).is_err());
    assert!(file::remove(host, &moved, false).is_err());
    assert!(file::remove(host, &moved, true).unwrap().changed);
    assert!(!file::remove(host, &moved, true).unwrap().changed);
}

#[test]
fn a_link_does_not_lead_a_removal_into_a_system_directory() {
    let room = Room::new();
    symlink("/var/lib", room.path("way")).unwrap();
    // One that this machine does not have: the refusal comes before the look.
    let error = file::remove(&room.host, &room.path("way/origin"), true).unwrap_err();
    assert!(matches!(*error.kind, Kind::Refused { .. }), "{error}");
    let removed = file::remove(&room.host, &room.path("way"), false).unwrap();
    assert!(removed.changed && Path::new("/var/lib").exists());
}

#[test]
fn patterns_name_files_as_a_shell_does() {
    let room = Room::new();
    for name in ["x/f.1", "x/f.2", "x/g", "y/f.1", "x/f.d/deep"] {
        room.make(name, "");
    }
    let list = |pattern: &str| -> Vec<String> {
        let found = file::list(&room.host, &room.path(pattern)).unwrap();
        let prefix = room.path("");
        found
            .iter()
            .map(|path| path.strip_prefix(&prefix).unwrap().to_owned())
            .collect()
    };
    assert_eq!(list("x/f.*"), ["x/f.1", "x/f.2", "x/f.d"]);
    assert_eq!(list("?/f.1"), ["x/f.1", "y/f.1"]);
    assert_eq!(list("x"), ["x/f.1", "x/f.2", "x/f.d", "x/g"]);
    assert_eq!(list("none/*"), Vec::<String>::new());
}

#[test]
fn files_travel_to_the_controller_and_on_as_they_are() {
    let room = Room::new();
    let bytes: Vec<u8> = (0..300_000_u32).map(|n| (n * 7 % 256) as u8).collect();
    let path = room.make("big", "");
    fs::write(&path, &bytes).unwrap();
    let local = room.root.path().join("controller/deep/big");
    let got = file::get(&room.host, &path, &local).unwrap();
    assert!(got.changed);
    assert_eq!(fs::read(&local).unwrap(), bytes);
    assert_eq!(fs::metadata(&local).unwrap().mode() & 0o7777, 0o600);
    let folder = local.parent().unwrap();
    assert_eq!(fs::metadata(folder).unwrap().mode() & 0o7777, 0o700);
    assert!(!file::get(&room.host, &path, &local).unwrap().changed);
    let to = room.path("back");
    let keep = Attributes::default();
    assert!(file::put(&room.host, &local, &to, &keep).unwrap().changed);
    assert!(!file::put(&room.host, &local, &to, &keep).unwrap().changed);
    assert_eq!(fs::read(&to).unwrap(), bytes);
    let other = room.path("other");
    let by = room.root.path().join("way");
    file::fetch(&room.host, &path, &room.host, &other, &by, &keep).unwrap();
    assert_eq!(fs::read(&other).unwrap(), bytes);
    assert_eq!(room.names("way"), Vec::<String>::new());
}

#[test]
fn the_first_evacuation_counts_and_a_damaged_copy_is_found() {
    let room = Room::new();
    let conf = room.make("etc/etcd/etcd.conf", "first");
    let etc = room.path("etc/etcd");
    let sources = [etc, room.path("etc/openvswitch"), room.path("backup-*")];
    let (host, dir) = (&room.host, room.path("safe"));
    let change = evacuate(host, &sources, &dir).unwrap();
    assert!(change.changed);
    assert_eq!(change.after.sources, [room.path("etc/etcd")]);
    assert_eq!(change.after.absent, sources[1..].to_vec());
    assert_eq!(fs::metadata(&dir).unwrap().mode() & 0o7777, 0o700);

    // What changes later does not reach the copy; what comes later is added.
    fs::write(&conf, "changed").unwrap();
    room.make("backup-1/db", "x");
    let change = evacuate(host, &sources, &dir).unwrap();
    assert!(change.changed);
    let copy = format!("{dir}{conf}");
    assert_eq!(fs::read_to_string(&copy).unwrap(), "first");
    assert_eq!(change.after.files, 2);
    // A source that is gone is still evacuated.
    fs::remove_dir_all(room.path("etc")).unwrap();
    let change = evacuate(host, &sources, &dir).unwrap();
    assert!(!change.changed);
    assert_eq!(change.after.absent, [room.path("etc/openvswitch")]);
    change.after.verify(host, &room.path("machine")).unwrap();
    let error = change.after.verify(host, &room.path("")).unwrap_err();
    assert!(error.to_string().contains("lie inside"), "{error}");
    let summed = std::process::Command::new("sha256sum")
        .args(["-c", "--status", "SHA256SUMS"])
        .current_dir(&dir)
        .status()
        .unwrap();
    assert!(summed.success(), "an operator can check it by hand");

    let local = room.root.path().join("controller");
    let archive = fetch_to_controller(host, &dir, &local)
        .unwrap()
        .after
        .unwrap();
    assert!(!fetch_to_controller(host, &dir, &local).unwrap().changed);
    let unpacked = room.path("unpacked");
    fs::create_dir(&unpacked).unwrap();
    let tar = std::process::Command::new("tar")
        .args(["-C", &unpacked, "-xf"])
        .arg(&archive.local)
        .status()
        .unwrap();
    assert!(tar.success());
    assert_eq!(
        fs::read_to_string(format!("{unpacked}{conf}")).unwrap(),
        "first"
    );

    fs::write(&copy, "rotten").unwrap();
    let error = evacuate(host, &sources, &dir).unwrap_err();
    assert!(error.to_string().contains(&copy), "{error}");
    let error = change
        .after
        .verify(host, &room.path("machine"))
        .unwrap_err();
    assert!(error.to_string().contains(&copy), "{error}");
}

#[test]
fn hosts_that_share_a_directory_never_mix_their_copies() {
    let (room, other) = (Room::new(), tempfile::tempdir().unwrap());
    let other = Machine::new("m1", &other.path().join("machine")).host();
    let conf = room.make("etc/etcd.conf", "of m0");
    let shared = |host: &Host| room.path(&format!("nfs/run/{}/copies", host.name()));
    let first = evacuate(&room.host, &[&conf], &shared(&room.host)).unwrap();
    fs::write(&conf, "of m1").unwrap();
    let second = evacuate(&other, &[&conf], &shared(&other)).unwrap();
    for (host, copied) in [(&room.host, first), (&other, second)] {
        let dir = shared(host);
        let copy = fs::read_to_string(format!("{dir}{conf}")).unwrap();
        assert_eq!(copy, format!("of {}", host.name()));
        let mark = fs::read_to_string(format!("{dir}/HOST")).unwrap();
        assert_eq!(mark, format!("{}\n", host.name()));
        copied.after.verify(host, &room.path("machine")).unwrap();
    }
    for primitive in [
        evacuate(&other, &[&conf], &shared(&room.host)).unwrap_err(),
        capture_state(&other, &shared(&room.host)).unwrap_err(),
    ] {
        assert!(
            primitive.to_string().contains("the copies of `m0`"),
            "{primitive}"
        );
    }
}

#[test]
fn an_interrupted_evacuation_begins_again() {
    let room = Room::new();
    let conf = room.make("etc/etcd.conf", "whole");
    let dir = room.path("safe");
    room.make(&format!("safe{conf}"), "wh");
    evacuate(&room.host, &[&conf], &dir).unwrap();
    assert_eq!(fs::read_to_string(format!("{dir}{conf}")).unwrap(), "whole");
    assert!(evacuate(&room.host, &[&conf], "/var/lib/etcd/safe").is_err());
}

#[test]
fn copies_of_a_configuration_are_found_dated_and_judged() {
    let room = Room::new();
    let good = "kind: NodeConfig\nnodeName: m0\n";
    let path = room.make("node/node-config.yaml", "kind: NodeConfig\n");
    let ansible = room.make("node/node-config.yaml.77.2018-04-05@09:31:10~", good);
    room.make("node/node-config.yaml.20180405T093500", good);
    room.make("node/node-config.yaml.rpmnew", good);
    room.make("node/node-config.yamlx", good);
    fs::write(room.path("node/node-config.yaml.orig"), [0xff, 0xfe]).unwrap();
    let elsewhere = room.make(&format!("nfs{path}"), good);
    // Ansible's copy has the original's time, of months ago.
    touch(&ansible, 1_500_000_000);
    let nfs = room.path("nfs");
    let found = config_candidates(&room.host, &path, &[&nfs]).unwrap();
    assert_eq!(found.len(), 5, "{found:#?}");
    let makers: Vec<Maker> = found.iter().map(|one| one.maker).collect();
    assert_eq!(makers[..2], [Maker::Ansible, Maker::Yedit]);
    assert!(
        found
            .iter()
            .any(|one| one.path == elsewhere && one.maker == Maker::Named)
    );
    let start = found[0].taken - 900;
    let choice = choose_config(&room.host, &path, &[&nfs], start).unwrap();
    assert_eq!(
        (choice.path.as_str(), choice.rule),
        (ansible.as_str(), Rule::EarliestOfUpgrade)
    );

    for name in room.names("node") {
        if name != "node-config.yaml" {
            fs::remove_file(room.path(&format!("node/{name}"))).unwrap();
        }
    }
    let error = choose_config(&room.host, &path, &[], start).unwrap_err();
    assert!(error.details()[0].contains("no `nodeName`"), "{error:?}");
    fs::write(&path, good).unwrap();
    let choice = choose_config(&room.host, &path, &[], start).unwrap();
    assert_eq!(choice.rule, Rule::CurrentPasses);
}

#[test]
fn a_choice_tells_which_console_files_are_missing() {
    let room = Room::new();
    let there = room.make("master/own.js", "");
    let config = format!(
        "kind: MasterConfig\nassetConfig:\n  extensionScripts:\n  - {there}\n  - gone.js\n  - /x/catalog.js\n\
         kubernetesMasterConfig:\n  apiServerArguments:\n    storage-backend: [etcd3]\n"
    );
    // The file itself is gone; the copy of the upgrade is there.
    room.make("master/master-config.yaml.20180405T091502", &config);
    let path = room.path("master/master-config.yaml");
    let choice = choose_config(&room.host, &path, &[], 1_522_919_000).unwrap();
    assert_eq!(choice.path, format!("{path}.20180405T091502"));
    let missing = [room.path("master/gone.js"), "/x/catalog.js".to_owned()];
    assert_eq!(choice.missing_console_files, missing);
}

#[test]
fn many_choices_are_those_of_each_file_alone() {
    let room = Room::new();
    let node = room.make("node/node-config.yaml", "kind: Other\n");
    let scheduler = room.make("master/scheduler.json", "{");
    // A day that does not exist hides no time of another file's copies.
    room.make(
        "master/scheduler.json.1.2018-13-45@09:15:02~",
        "{\"kind\": 1}",
    );
    let api = room.make("sysconfig/api", "OPTIONS=--loglevel=2\n");
    let copy = room.make("sysconfig/api.1.2018-04-05@09:15:02~", "OPTIONS=\n");
    let gone = room.path("sysconfig/controllers");
    let start = 1_522_919_000;
    let paths = [&*node, &*scheduler, &*api, &*gone];
    let found = choose_configs(&room.host, &paths, &[], start).unwrap();
    assert_eq!(found.len(), 4);
    for one in &found {
        let alone = choose_config(&room.host, &one.path, &[], start);
        assert_eq!(one.choice, alone.as_ref().ok().cloned(), "{}", one.path);
        let Err(error) = alone else { continue };
        assert_eq!(one.trouble[0], error.to_string());
        assert_eq!(one.trouble.len(), 1 + error.details().len());
    }
    let choice = found[2].choice.as_ref().unwrap();
    assert_eq!(choice.path, copy);
    let seen: Vec<(bool, bool)> = found
        .iter()
        .map(|one| (one.exists, one.has_candidates))
        .collect();
    assert_eq!(
        seen,
        [(true, true), (true, true), (true, true), (false, false)]
    );
}

#[test]
fn etcd_backups_are_found_with_their_data_and_their_date() {
    let room = Room::new();
    room.make(
        "etcd/openshift-backup-pre-upgrade-20180405091502/member/snap/db",
        "1234",
    );
    room.make("etcd/openshift-backup-pre-migrate/x", "");
    room.make("etcd/member/snap/db", "");
    let named = room.path("etcd/openshift-backup-pre-upgrade-20180405091502");
    let dir = room.path("etcd");
    let found = etcd_candidates(&room.host, &[&dir, &dir], &[]).unwrap();
    assert_eq!(found.len(), 2);
    // Copied today: the name's date counts.
    assert_eq!(found[0].taken, 1_522_919_702);
    assert_eq!((found[0].tag.as_str(), found[0].size), ("pre-upgrade", 4));
    assert_eq!(
        (found[1].tag.as_str(), found[1].db_path.as_ref()),
        ("pre-migrate", None)
    );
    touch(&named, 1_522_919_702 - 5 * 3600);
    let found = etcd_candidates(&room.host, &[&dir], &[]).unwrap();
    assert_eq!(found[0].taken, 1_522_919_702 - 5 * 3600);
}

#[test]
fn the_file_system_of_a_path_is_that_of_the_nearest_directory_above_it() {
    let room = Room::new();
    let here = file::file_system(&room.host, &room.path("not/yet/there")).unwrap();
    assert_eq!(
        here,
        file::FileSystem {
            free: here.free,
            ..file::file_system(&room.host, &room.path("")).unwrap()
        }
    );
    assert!(here.mount.starts_with('/') && here.free > 0, "{here:?}");
    assert_eq!(
        file::file_system(&room.host, "/proc/none").unwrap().mount,
        "/proc"
    );
}

#[test]
fn links_are_followed_and_hand_made_backups_are_found_where_they_are_looked_for() {
    let room = Room::new();
    let name = "openshift-backup-pre-upgrade-20180405091502";
    room.make(&format!("disk/etcd/{name}/member/snap/db"), "1234");
    symlink(room.path("disk/etcd"), room.path("etcd")).unwrap();
    // Moved to a larger disk, and a link left behind.
    room.make("large/moved/member/snap/db", "12345");
    let second = "openshift-backup-pre-upgrade-20180405093110";
    symlink(
        room.path("large/moved"),
        room.path(&format!("etcd/{second}")),
    )
    .unwrap();
    room.make("backup/etcd-by-hand/db", "123");
    room.make("backup/etcd.db", "12");
    room.make("backup/notes/readme", "");
    let (dir, disk) = (room.path("etcd"), room.path("disk/etcd"));
    let found = etcd_candidates(&room.host, &[&dir, &disk], &[&room.path("backup")]).unwrap();
    let mut seen: Vec<(String, &str, u64)> = found
        .iter()
        .map(|one| (one.path.clone(), one.tag.as_str(), one.size))
        .collect();
    seen.sort();
    let expected = [
        (room.path("backup/etcd-by-hand"), "hand-made", 3),
        (room.path("backup/etcd.db"), "hand-made", 2),
        (format!("{disk}/{name}"), "pre-upgrade", 4),
        (room.path("large/moved"), "pre-upgrade", 5),
    ];
    assert_eq!(seen, expected);

    let by_hand = etcd_backup(&room.host, &room.path("backup/etcd.db")).unwrap();
    assert_eq!(by_hand.db_path, Some(room.path("backup/etcd.db")));
    let error = etcd_backup(&room.host, &room.path("backup/notes")).unwrap_err();
    assert!(error.to_string().contains("snapshot file"), "{error}");
    assert!(etcd_backup(&room.host, &room.path("none")).is_err());
}
