//! `curl`, for what is asked of it: the health of OpenShift's services, and a registry.

use super::super::openshift::{self, Refusal};
use super::super::process::{Ended, Process};
use super::super::stream::Halt;
use super::super::units;
use super::Program;

/// The family.
pub const PROGRAMS: &[(&str, Program)] = &[("curl", curl)];

#[derive(Default)]
struct Request {
    url: Option<String>,
    authority: Option<String>,
    silent: bool,
    shows_errors: bool,
    discards: bool,
    format: Option<String>,
}

/// An HTTP answer, or the status with which `curl` ends without one, and what it says.
type Answer = Result<(u16, String), (u8, String)>;

fn curl(process: &mut Process<'_>, argv: &[String]) -> Ended {
    let request = read(process, argv)?;
    units::settle(process)?;
    let Some(url) = &request.url else {
        return process.fail(2, "curl: no URL specified!");
    };
    match ask(process, &request, url)? {
        Ok((status, body)) => {
            if !request.discards {
                process.write(&body)?;
            }
            if let Some(format) = &request.format {
                let text = format.replace("%{http_code}", &status.to_string());
                if text.contains("%{") {
                    return process.unmodelled(format_args!("curl -w {format}"));
                }
                process.write(text)?;
            }
            Ok(0)
        }
        Err((status, reason)) => {
            if request.format.is_some() {
                process.write("000")?;
            }
            if request.silent && !request.shows_errors {
                return Ok(status);
            }
            process.fail(status, format_args!("curl: ({status}) {reason}"))
        }
    }
}

fn read(process: &Process<'_>, argv: &[String]) -> Result<Request, Halt> {
    let mut request = Request::default();
    let mut words = argv[1..].iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--silent" => request.silent = true,
            "--show-error" => request.shows_errors = true,
            "--insecure" => request.authority = None,
            "--tlsv1.2" => {}
            "--max-time" | "-m" | "--connect-timeout" | "--noproxy" => drop(words.next()),
            "--cacert" => request.authority = words.next().cloned(),
            "-w" | "--write-out" => request.format = words.next().cloned(),
            "-o" | "--output" => match words.next().map(String::as_str) {
                Some("/dev/null") => request.discards = true,
                other => {
                    let name = other.unwrap_or_default();
                    return process.unmodelled(format_args!("curl -o {name}"));
                }
            },
            _ if word.starts_with("--") => return process.unmodelled(format_args!("curl {word}")),
            _ if word.starts_with('-') => {
                for letter in word[1..].chars() {
                    match letter {
                        's' => request.silent = true,
                        'S' => request.shows_errors = true,
                        'k' => request.authority = None,
                        other => return process.unmodelled(format_args!("curl -{other}")),
                    }
                }
            }
            _ => request.url = Some(word.clone()),
        }
    }
    Ok(request)
}

/// What a registry answers of which this was said: `curl: (7) Failed connect`, `HTTP status 503`, or nothing.
fn registry(said: &str) -> Answer {
    let words = said.strip_prefix("curl: (");
    if let Some((status, reason)) = words.and_then(|words| words.split_once(") ")) {
        return Err((status.parse().unwrap_or(7), reason.to_owned()));
    }
    let status = said.strip_prefix("HTTP status ");
    let status = status.and_then(|status| status.parse().ok());
    Ok((status.unwrap_or(200), "{}".to_owned()))
}

fn ask(process: &Process<'_>, request: &Request, url: &str) -> Result<Answer, Halt> {
    let Some(rest) = url.strip_prefix("https://") else {
        return process.unmodelled(format_args!("curl {url}"));
    };
    if let Some(path) = &request.authority
        && !process.here().files.exists(&process.path(path))
    {
        let reason = "Problem with the SSL CA cert (path? access rights?)";
        return Ok(Err((77, reason.to_owned())));
    }
    let (place, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (host, port) = place.rsplit_once(':').unwrap_or((place, "443"));
    let port: u16 = port.parse().unwrap_or(443);
    if let (Some(said), "v2/") = (process.here().registries.get(place), path) {
        return Ok(registry(said));
    }
    let found = openshift::locate(&process.cluster.state(), process.machine, host, port);
    let ok = Ok((200, "ok".to_owned()));
    let healthy = matches!(path, "healthz" | "healthz/ready");
    Ok(match found {
        // Controllers and kubelet say of themselves only that they live.
        Err(Refusal::NoStorage(_)) if healthy && port != 8443 => ok,
        Err(Refusal::NoStorage(reason)) if healthy => {
            let body = format!("[-]etcd failed: {reason}\nhealthz check failed\n");
            Ok((500, body))
        }
        Ok(_) if healthy => ok,
        Err(Refusal::NotConnected(reason)) if reason.contains("no such host") => {
            Err((6, format!("Could not resolve host: {host}; Unknown error")))
        }
        Err(Refusal::NotConnected(_)) => Err((
            7,
            format!("Failed connect to {host}:{port}; Connection refused"),
        )),
        _ => return process.unmodelled(format_args!("curl {url}")),
    })
}
