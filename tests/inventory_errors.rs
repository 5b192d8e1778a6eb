//! What an operator sees when an inventory cannot be used.

use std::fmt::Write as _;
use std::path::Path;

use ocpdg::error::Error;
use ocpdg::inventory::Cluster;

/// Errors as the command line shows them, with the folder of the inventory taken out.
fn screen(error: &Error, directory: &Path) -> String {
    let mut text = format!("error: {error}\n");
    if let Some(hint) = &error.hint {
        writeln!(text, "hint: {hint}").unwrap();
    }
    text.replace(&format!("{}/", directory.display()), "")
}

/// The screens of all `cases`, each a set of files of which the first is the inventory.
fn screens(cases: &[&[(&str, &str)]]) -> String {
    let mut all = String::new();
    for files in cases {
        let directory = tempfile::tempdir().unwrap();
        for (name, content) in *files {
            let path = directory.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, content).unwrap();
            writeln!(
                all,
                "----- {name}\n{}",
                content
                    .trim_end()
                    .escape_debug()
                    .to_string()
                    .replace("\\n", "\n")
                    .replace("\\\"", "\"")
                    .replace("\\'", "'")
            )
            .unwrap();
        }
        let error = Cluster::load(&directory.path().join(files[0].0))
            .expect_err(&format!("{files:?} should not load"));
        writeln!(all, "=>\n{}", screen(&error, directory.path())).unwrap();
    }
    all
}

fn check(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("inventory/snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

/// A complete cluster with `line` as the last line of its variables.
macro_rules! with {
    ($line:literal) => {
        concat!(
            "[masters]\nm1\n[etcd]\nm1\n[nodes]\nm1\n[OSEv3:children]\nmasters\n[OSEv3:vars]\n",
            $line
        )
    };
}

#[test]
fn syntax() {
    let cases: &[&[(&str, &str)]] = &[
        &[("hosts", "[masters]\nm1 ansible_user\n")],
        &[("hosts", "[masters]\nm1 ansible_user = root\n")],
        &[("hosts", "[masters]\nm1 label='open\n")],
        &[("hosts", "[masters]\nm[3:1]\n")],
        &[("hosts", "[masters]\nm[1-3]\n")],
        &[("hosts", "[masters]\nm1:port\n")],
        &[("hosts", "[masters]\nansible_user=root\n")],
        &[("hosts", "[masters\nm1\n")],
        &[("hosts", "[my masters]\nm1\n")],
        &[("hosts", "[masters:hosts]\nm1\n[masters:variables]\n")],
        &[("hosts", "[OSEv3:children]\nmasters\nnodes\n[masters]\nm1\n")],
        &[("hosts", "[OSEv3:children]\nmasters nodes\n")],
        &[("hosts", "[OSEv3:children]\nall\n")],
        &[("hosts", "[masters]\nm1\n[mastres:vars]\nx=1\n")],
        &[("hosts", "[masters:vars]\nansible_user root\n[masters]\n")],
        &[(
            "hosts",
            "[a:children]\nb\n[b:children]\nc\n[c:children]\n# round\nb\n",
        )],
        &[("hosts", "[a:children]\na\n")],
    ];
    check("errors_syntax", &screens(cases));
}

#[test]
fn meaning() {
    let cases: &[&[(&str, &str)]] = &[
        &[("hosts", "[nodes]\nn1\n")],
        &[("hosts", "[masters]\nm1\n[etcd]\n[nodes]\nm1\n")],
        &[("hosts", "")],
        &[(
            "hosts",
            "[masters]\na ansible_host=10.0.0.1\n[etcd]\nb ansible_host=10.0.0.1\n",
        )],
        &[(
            "hosts",
            "[masters]\na ansible_connection=local\n[etcd]\nb ansible_connection=local\n",
        )],
        &[(
            "hosts",
            with!("ansible_become=yes\nansible_become_user=ops"),
        )],
        &[("hosts", with!("ansible_sudo=yes\nansible_become_method=su"))],
        &[("hosts", with!("ansible_become=maybe"))],
        &[("hosts", with!("ansible_connection=docker"))],
        &[("hosts", with!("ansible_port=ssh"))],
        &[("hosts", with!("ansible_host=-oProxyCommand=x"))],
        &[("hosts", with!("ansible_user=two words"))],
        &[("hosts", with!("ansible_ssh_private_key_file=~ops/key"))],
        &[("hosts", with!("ansible_ssh_common_args=-o 'x"))],
        &[("hosts", with!("ansible_ssh_pass=[1]"))],
    ];
    check("errors_meaning", &screens(cases));
}

#[test]
fn jinja_and_vault() {
    let cases: &[&[(&str, &str)]] = &[
        &[("hosts", with!("ansible_user={{ lookup('env', 'USER') }}"))],
        &[("hosts", with!("containerized={{ false }}"))],
        &[
            ("hosts", with!("ansible_become=true")),
            (
                "group_vars/OSEv3.yml",
                "---\n\nansible_become_pass: \"{{ vault_sudo }}\"\n",
            ),
        ],
        &[
            ("hosts", with!("ansible_become=true")),
            (
                "host_vars/m1/secret",
                "a: 1\nansible_become_pass: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  333639\n",
            ),
        ],
        &[(
            "hosts.json",
            "{\"masters\": [\"m1\", \"m2\"],\n \"etcd\": [\"m1\"],\n \"_meta\": {\"hostvars\": {\n  \"m2\": {\"ansible_user\": \"x\"},\n  \"m1\": {\n   \"ansible_host\": \"m1\",\n   \"ansible_user\": \"{{ who }}\"}}}}",
        )],
        &[(
            "hosts.json",
            "{\"masters\": [\"m1\"], \"etcd\": [\"m1\"], \"_meta\": {\"hostvars\": {\"m1\": {\"ansible_ssh_pass\":\n{\"__ansible_vault\": \"x\"}}}}}",
        )],
    ];
    check("errors_jinja_and_vault", &screens(cases));
}

#[test]
fn files_of_another_kind() {
    let cases: &[&[(&str, &str)]] = &[
        &[("hosts.yml", "# mine\nall:\n  children:\n    masters:\n")],
        &[("hosts.yml", "---\nall: {}\n")],
        &[("inventory.py", "#!/usr/bin/python\nprint('{}')\n")],
        &[("hosts", "$ANSIBLE_VAULT;1.1;AES256\n3339\n")],
        &[("hosts.json", "{\"masters\": [\"m1\"],\n}")],
        &[("hosts.json", "{\"masters\": [\"m1\"]}")],
        &[("hosts.json", "{\"masters\": 3, \"_meta\": {}}")],
        &[(
            "hosts.json",
            "{\"masters\": {\"hosts\": {\"m1\": {}}}, \"_meta\": {}}",
        )],
        &[("hosts.json", "{\"masters\": [\"m1\", 2], \"_meta\": {}}")],
        &[("hosts.json", "{\"masters\": [\"../m\"], \"_meta\": {}}")],
        &[(
            "hosts.json",
            "{\"masters\": [\"m1\"], \"_meta\": {\"hostvars\": []}}",
        )],
        &[(
            "hosts.json",
            "{\"a\": {\"children\": [\"b\"]}, \"b\": {\"children\": [\"a\"]}, \"_meta\": {}}",
        )],
        &[
            ("hosts", with!("x=1")),
            ("group_vars/all.yml", "a: 1\nb: [1\n"),
        ],
        &[
            ("hosts", with!("x=1")),
            ("group_vars/all.yml", "- a\n- b\n"),
        ],
        &[
            ("hosts", with!("x=1")),
            ("host_vars/m1.yml", "a: {{ b }}\n"),
        ],
    ];
    check("errors_other_kinds", &screens(cases));
}

#[test]
fn files_that_cannot_be_read() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("hosts");
    let mut all = screen(&Cluster::load(&path).unwrap_err(), directory.path());
    std::fs::write(
        &path,
        b"[masters]\n# caf\xe9 is only a comment\nm1\nm2 x=\xe9\n",
    )
    .unwrap();
    all += &screen(&Cluster::load(&path).unwrap_err(), directory.path());
    std::fs::create_dir(directory.path().join("inventory")).unwrap();
    let inside = directory.path().join("inventory");
    all += &screen(&Cluster::load(&inside).unwrap_err(), directory.path());
    check("errors_unreadable", &all);
}

#[test]
fn choosing_hosts() {
    let cluster = Cluster::load(Path::new("tests/inventory/ha.ini")).unwrap();
    let mut all = String::new();
    for pattern in [
        "ose3-master9.test.example.com",
        "node",
        "nothing-like-it",
        "x*",
        ",",
        "lb,mastres",
    ] {
        let error = cluster.limit(&[pattern.to_owned()]).unwrap_err();
        all += &format!(
            "----- --limit {pattern}\n{}",
            screen(&error, Path::new("tests/inventory"))
        );
    }
    for pattern in ["etcd", "ose3-nod01.test.example.com"] {
        let error = cluster.without(&[pattern.to_owned()]).unwrap_err();
        all += &format!(
            "----- --without {pattern}\n{}",
            screen(&error, Path::new("tests/inventory"))
        );
    }
    check("errors_choosing_hosts", &all);
}

#[test]
fn unsupported_installations() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("hosts");
    let mut all = String::new();
    for line in [
        "containerized=true",
        "openshift_use_crio=True",
        "openshift_use_node_system_container=1",
    ] {
        let text = format!("[masters]\nm[1:3]\n[etcd]\nm1\n[all:vars]\n{line}\n");
        std::fs::write(&path, text).unwrap();
        let error = Cluster::load(&path).unwrap().unsupported().unwrap();
        all += &screen(&error, directory.path());
    }
    check("errors_unsupported", &all);
}
