//! `docker`, and its daemon in two versions.

use super::super::docker::{Docker, Image};
use super::super::process::{Ended, Process};
use super::super::stream::{Halt, Serving};
use super::Program;

/// The family.
pub const PROGRAMS: &[(&str, Program)] = &[
    ("docker", docker),
    ("dockerd-1.12.6", |process, argv| {
        daemon(process, argv, "1.12.6")
    }),
    ("dockerd-1.13.1", |process, argv| {
        daemon(process, argv, "1.13.1")
    }),
];

fn daemon(process: &mut Process<'_>, argv: &[String], version: &str) -> Ended {
    let deferred = argv
        .iter()
        .any(|word| word == "dm.use_deferred_deletion=true");
    if version.starts_with("1.12.") && deferred {
        return process.fail(
            1,
            "Error starting daemon: error initializing graphdriver: devmapper: Deferred deletion is not supported: Unknown option dm.use_deferred_deletion",
        );
    }
    process.complain(format!(
        "Daemon has completed initialization, version={version}\n"
    ))?;
    Err(Halt::Serving(Serving {
        program: format!("dockerd-{version}"),
        argv: argv.to_vec(),
        listens: Vec::new(),
        ready: true,
    }))
}

/// The version of the daemon that runs on the host of `process`.
pub fn server(process: &Process<'_>) -> Option<String> {
    let here = process.here();
    let mut running = here.processes.values();
    running.find_map(|one| one.program.strip_prefix("dockerd-").map(str::to_owned))
}

fn docker(process: &mut Process<'_>, argv: &[String]) -> Ended {
    super::super::openshift::settle_here(process)?;
    // The command is docker-client's; what everybody calls is a wrapper of docker-common's.
    let client = {
        let here = process.here();
        here.files.text("/usr/bin/docker-current")
    };
    let Some(client) = client else {
        return process.fail(
            127,
            "/usr/bin/docker: line 2: /usr/bin/docker-current: No such file or directory",
        );
    };
    let package = client
        .trim()
        .split_once(':')
        .map_or(client.trim(), |(_, rest)| rest)
        .to_owned();
    let client = package.split('-').next().unwrap_or_default().to_owned();
    let server = server(process);
    let command = argv.get(1).map_or("", String::as_str);
    let flags = Flags::read(&argv[2.min(argv.len())..]);
    match command {
        "version" => version(process, &flags, &client, &package, server.as_deref()),
        "-v" | "--version" => {
            process.line(format_args!("Docker version {client}, build {package}"))?;
            Ok(0)
        }
        "ps" | "images" | "rm" | "rmi" | "info" if server.is_none() => no_server(process, &client),
        "images" | "rm" | "rmi" | "info" if flags.format.is_some() => {
            process.unmodelled(format_args!("docker {command} --format"))
        }
        "ps" => ps(process, &flags),
        "images" => images(process, &flags),
        "rm" => rm(process, &flags),
        "rmi" => rmi(process, &flags),
        "info" => {
            let docker = process.here().docker.clone();
            process.line(format_args!(
                "Containers: {}\nImages: {}\nServer Version: {}\nStorage Driver: overlay2",
                docker.containers.len(),
                docker.images.len(),
                server.unwrap_or_default()
            ))?;
            Ok(0)
        }
        other => process.unmodelled(format_args!("docker {other}")),
    }
}

/// Options of a command, short ones as letters.
#[derive(Default)]
struct Flags {
    short: String,
    long: Vec<String>,
    format: Option<String>,
    words: Vec<String>,
}

impl Flags {
    fn read(argv: &[String]) -> Self {
        let mut flags = Self::default();
        let mut words = argv.iter();
        while let Some(word) = words.next() {
            match word.strip_prefix("--") {
                Some("format") => flags.format = words.next().cloned(),
                Some(long) => match long.strip_prefix("format=") {
                    Some(format) => flags.format = Some(format.to_owned()),
                    None => flags.long.push(long.to_owned()),
                },
                None => match word.strip_prefix('-').filter(|short| !short.is_empty()) {
                    Some("f")
                        if words
                            .clone()
                            .next()
                            .is_some_and(|next| next.starts_with("{{")) =>
                    {
                        flags.format = words.next().cloned();
                    }
                    Some(short) => flags.short.push_str(short),
                    None => flags.words.push(word.clone()),
                },
            }
        }
        flags
    }

    fn has(&self, short: char, long: &str) -> bool {
        self.short.contains(short) || self.long.iter().any(|one| one == long)
    }
}

fn no_server(process: &Process<'_>, client: &str) -> Ended {
    process.fail(
        1,
        if client.starts_with("1.13") {
            "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?"
        } else {
            "Cannot connect to the Docker daemon. Is the docker daemon running on this host?"
        },
    )
}

fn version(
    process: &Process<'_>,
    flags: &Flags,
    client: &str,
    package: &str,
    server: Option<&str>,
) -> Ended {
    if let Some(format) = &flags.format {
        if server.is_none() && format.contains("Server") {
            return no_server(process, client);
        }
        let text = format
            .replace("{{.Client.Version}}", client)
            .replace("{{.Server.Version}}", server.unwrap_or_default());
        if text.contains("{{") {
            return process.unmodelled(format_args!("docker version --format {format}"));
        }
        process.line(text)?;
        return Ok(0);
    }
    let part = |name: &str, version: &str| {
        let api = if version.starts_with("1.13") {
            "1.26 (minimum version 1.12)"
        } else {
            "1.24"
        };
        format!(
            "{name}:\n Version:         {version}\n API version:     {api}\n Package version: docker-{package}.x86_64\n Go version:      go1.8.3\n OS/Arch:         linux/amd64\n"
        )
    };
    process.write(part("Client", client))?;
    match server {
        Some(server) => {
            process.write(format!("\n{}", part("Server", server)))?;
            Ok(0)
        }
        None => no_server(process, client),
    }
}

fn shown(flags: &Flags, id: &str, prefix: &str) -> String {
    if flags.has('\0', "no-trunc") {
        format!("{prefix}{id}")
    } else {
        id.chars().take(12).collect()
    }
}

fn ps(process: &Process<'_>, flags: &Flags) -> Ended {
    let docker = process.here().docker.clone();
    let mut text = String::new();
    let quiet = flags.has('q', "quiet");
    let names = match flags.format.as_deref() {
        Some("{{.Names}}") => true,
        Some(other) => return process.unmodelled(format_args!("docker ps --format {other}")),
        None => false,
    };
    if !quiet && !names {
        text.push_str("CONTAINER ID        IMAGE               COMMAND             CREATED             STATUS              PORTS               NAMES\n");
    }
    for one in docker
        .containers
        .iter()
        .filter(|one| one.running || flags.has('a', "all"))
    {
        let id = shown(flags, &one.id, "");
        if quiet {
            text.push_str(&format!("{id}\n"));
        } else if names {
            text.push_str(&format!("{}\n", one.name));
        } else {
            let state = if one.running {
                "Up 5 minutes"
            } else {
                "Exited (0) 5 minutes ago"
            };
            text.push_str(&format!(
                "{id}        {}   \"/pod\"   5 minutes ago   {state}      {}\n",
                one.image, one.name
            ));
        }
    }
    process.write(text)?;
    Ok(0)
}

fn images(process: &Process<'_>, flags: &Flags) -> Ended {
    let docker = process.here().docker.clone();
    let mut text = String::new();
    let quiet = flags.has('q', "quiet");
    if !quiet {
        text.push_str("REPOSITORY          TAG                 IMAGE ID            CREATED             SIZE\n");
    }
    for one in &docker.images {
        let is_parent = docker
            .images
            .iter()
            .any(|other| other.parent.as_deref() == Some(&one.id));
        let unnamed = ["<none>:<none>".to_owned()];
        let tags: &[String] = if !one.tags.is_empty() {
            &one.tags
        } else if flags.has('a', "all") || !is_parent {
            &unnamed
        } else {
            &[]
        };
        for tag in tags {
            let id = shown(flags, &one.id, "sha256:");
            if quiet {
                text.push_str(&format!("{id}\n"));
            } else {
                let (repository, label) = tag.rsplit_once(':').unwrap_or((tag, "latest"));
                text.push_str(&format!(
                    "{repository}   {label}   {id}   2 weeks ago   1.1 GB\n"
                ));
            }
        }
    }
    process.write(text)?;
    Ok(0)
}

fn usage(process: &Process<'_>, verb: &str) -> Ended {
    process.fail(
        1,
        format_args!(
            "\"docker {verb}\" requires at least 1 argument(s).\nSee 'docker {verb} --help'."
        ),
    )
}

fn rm(process: &Process<'_>, flags: &Flags) -> Ended {
    if flags.words.is_empty() {
        return usage(process, "rm");
    }
    let mut status = 0;
    for word in &flags.words {
        let outcome = {
            let mut here = process.here();
            match here.docker.container(word) {
                None => Err(format!(
                    "Error response from daemon: No such container: {word}"
                )),
                Some(at) if here.docker.containers[at].running && !flags.has('f', "force") => {
                    Err(format!(
                        "Error response from daemon: You cannot remove a running container {}. Stop the container before attempting removal or use -f",
                        here.docker.containers[at].id
                    ))
                }
                Some(at) => {
                    here.docker.containers.remove(at);
                    Ok(())
                }
            }
        };
        match outcome {
            Ok(()) => process.line(word)?,
            Err(message) => {
                process.complain(format!("{message}\n"))?;
                status = 1;
            }
        }
    }
    Ok(status)
}

fn rmi(process: &Process<'_>, flags: &Flags) -> Ended {
    if flags.words.is_empty() {
        return usage(process, "rmi");
    }
    let mut status = 0;
    for word in &flags.words {
        let outcome = remove_image(&mut process.here().docker, word, flags.has('f', "force"));
        match outcome {
            Ok(lines) => process.write(lines)?,
            Err(message) => {
                process.complain(format!("Error response from daemon: {message}\n"))?;
                status = 1;
            }
        }
    }
    Ok(status)
}

fn remove_image(docker: &mut Docker, word: &str, force: bool) -> Result<String, String> {
    let at = docker
        .image(word)
        .ok_or_else(|| format!("No such image: {word}"))?;
    let image: Image = docker.images[at].clone();
    let short: String = image.id.chars().take(12).collect();
    let users: Vec<_> = docker
        .containers
        .iter()
        .filter(|one| one.image_id == image.id)
        .collect();
    let conflict = |how: &str, why: &str| {
        Err(format!(
            "conflict: unable to delete {short} ({how}) - {why}"
        ))
    };
    if users.iter().any(|one| one.running) {
        return conflict(
            "cannot be forced",
            "image is being used by running container",
        );
    }
    if !users.is_empty() && !force {
        return conflict("must be forced", "image is being used by stopped container");
    }
    if image.tags.len() > 1 && !force {
        return conflict(
            "must be forced",
            "image is referenced in multiple repositories",
        );
    }
    if docker
        .images
        .iter()
        .any(|one| one.parent.as_deref() == Some(&image.id))
    {
        return conflict("cannot be forced", "image has dependent child images");
    }
    docker.images.remove(at);
    let mut said: String = image
        .tags
        .iter()
        .map(|tag| format!("Untagged: {tag}\n"))
        .collect();
    said.push_str(&format!("Deleted: sha256:{}\n", image.id));
    if let Some(parent) = image.parent {
        let unnamed = docker
            .images
            .iter()
            .position(|one| one.id == parent && one.tags.is_empty());
        if let Some(at) = unnamed {
            docker.images.remove(at);
            said.push_str(&format!("Deleted: sha256:{parent}\n"));
        }
    }
    Ok(said)
}
